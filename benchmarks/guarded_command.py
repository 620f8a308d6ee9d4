"""What the guard adds to a command whose author is logged in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis
from support.counting import commands, http_calls
from support.redis_server import RedisServer

from webex_bot_auth import RedisTokenManager, UserContext, YAMLTokenManager

from .measuring import Figure, apart, interleaved, medians, ratio
from .sample_users_and_commands import INTEGRATION, Echo, GuardedEcho, call_of, context, person_id


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        yield from _redis(Path(folder))
        yield from _yaml(Path(folder))


def _redis(folder: Path) -> Iterator[Figure]:
    user_id = person_id()
    arguments = call_of(user_id)
    with (
        RedisServer(folder) as server,
        RedisTokenManager("-", INTEGRATION, redis_url=server.url) as made,
        redis.Redis(port=server.port) as bare,
    ):
        manager: Any = made
        manager.set_user_context(user_id=user_id, user_context=context(user_id))
        guarded = GuardedEcho(token_manager=manager)
        guarded.execute(*arguments)
        with commands(server.client) as counted, http_calls() as calls:
            guarded.execute(*arguments)
        yield Figure("guarded command, Redis: commands", counted.total(), "", 1)
        yield Figure("guarded command, Redis: HTTP calls", calls.total(), "", 0)

        def reference() -> None:
            UserContext.model_validate_json(bare.get(f"user-{user_id}"))

        def not_yet_parsed() -> None:
            manager.contexts.close()  # drops the contexts that are kept parsed
            guarded.execute(*arguments)

        with apart(server.pid):
            mine, parsing, other = interleaved(
                lambda: guarded.execute(*arguments), not_yet_parsed, reference, rounds=60, number=100
            )
        bare_get = "bare GET + model_validate_json"
        yield Figure("guarded command, Redis: time", ratio(mine, other), "x", 1.10, bare_get)
        yield Figure(
            "guarded command, Redis: time, record not parsed before",
            ratio(parsing, other),
            "x",
            None,
            bare_get,
        )


def _yaml(folder: Path) -> Iterator[Figure]:
    user_id = person_id()
    arguments = call_of(user_id)
    with YAMLTokenManager("-", INTEGRATION, yml_base=str(folder / "tokens")) as manager:
        for someone in (user_id, *(person_id() for _ in range(100))):
            manager.set_user_context(user_id=someone, user_context=context(someone))
        guarded, bare = GuardedEcho(token_manager=manager), Echo()
        mine, other = medians(
            lambda: guarded.execute(*arguments), lambda: bare.execute(*arguments), rounds=60, number=1000
        )
    yield Figure(
        "guarded command, YAML: time added", (mine - other) * 1e6, "µs", 10,
        "the bare call; each call checks whether the file has changed",
    )  # fmt: skip
