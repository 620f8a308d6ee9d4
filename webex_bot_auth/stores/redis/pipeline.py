"""Several commands in one round trip; on a cluster one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redis.cluster import RedisCluster
from redis.exceptions import RedisClusterException, RedisError

#: calls a command of the client or pipeline that it is given
Command = Callable[[Any], Any]


def answers(client: Any, *commands: Command) -> list[Any]:
    """The answers of all commands; an error for a command that failed.

    Raised by redis-py itself, these errors would quote the commands, with the tokens in them. redis-py's own
    cluster pipeline sends every command that got no answer once more, whatever its ``retry`` says: a flow
    would count as used, and a command would run twice. It is hardly faster where keys are on several nodes.
    """
    if isinstance(client, RedisCluster):
        return [_answer(client, command) for command in commands]
    with client.pipeline(transaction=False) as pipe:
        for command in commands:
            command(pipe)
        return list(pipe.execute(raise_on_error=False))


def raise_errors(*given: Any) -> None:
    """Raise the first of these answers that is an error."""
    for answer in given:
        if isinstance(answer, Exception):
            raise answer


def _answer(client: Any, command: Command) -> Any:
    try:
        return command(client)
    except (RedisError, RedisClusterException) as error:
        return error
