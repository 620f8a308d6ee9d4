"""Connections to Redis that answer in bounded time, and its errors in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    AuthenticationError,
    ClusterDownError,
    NoPermissionError,
    RedisClusterException,
    RedisError,
    ResponseError,
    SlotNotCoveredError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError

from ..errors import SettingError, StoreUnavailable

CONNECT_SECONDS = 2.0
#: for one answer of the server
ANSWER_SECONDS = 2.5


def connect(host: str | None, url: str | None) -> Redis:
    """A client for a host (which takes precedence) or a URL. Connects with the first command.

    :raises SettingError: neither is given, or the URL is malformed
    """
    options: dict[str, Any] = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        "health_check_interval": 30,
        # No retries: what was sent may have been done, and a flow or event that is used twice is lost. Redis
        # looks whether a pooled connection is still open before it uses it, which is what a restart needs.
        "retry": Retry(NoBackoff(), 0),
    }
    if host:
        return Redis(host=host, **options)
    if not url:
        raise SettingError("redis_url", "is empty, and so is redis_host; e.g. redis://localhost:6379/0")
    try:
        url, tls = _tls(url)
        return Redis.from_url(url, **options, **tls)
    except (ValueError, TypeError) as error:
        # from None, and without the URL: it may hold a password
        raise SettingError("redis_url", f"is malformed ({type(error).__name__})") from None


def _tls(url: str) -> tuple[str, dict[str, Any]]:
    """Check the server's name where the URL does not say otherwise: redis-py 5 does not by itself.

    It does not understand ``ssl_check_hostname=false`` in a URL either, so that is taken out of it.
    """
    address = urlsplit(url)
    if address.scheme != "rediss":
        return url, {}
    query = dict(parse_qsl(address.query))
    check = query.pop("ssl_check_hostname", "true").lower() not in ("false", "no", "n", "0")
    check = check and query.get("ssl_cert_reqs") != "none"
    return address._replace(query=urlencode(query)).geturl(), {"ssl_check_hostname": check}


#: what redis-py raises; a client that decodes also raises the last one
ERRORS = (RedisError, RedisClusterException, UnicodeDecodeError)


@contextmanager
def answering(place: str) -> Iterator[None]:
    """Turn redis-py's errors into :class:`StoreUnavailable`, with a reason an operator can act on."""
    try:
        yield
    except ERRORS as error:
        raise unavailable(place, error) from error


def unavailable(place: str, error: Exception) -> StoreUnavailable:
    """One of redis-py's errors in our words."""
    for kind, word, reason in _REASONS:
        if isinstance(error, kind) and word in str(error):
            return StoreUnavailable(place, reason)
    # such as OOM or WRONGTYPE: class and first word are Redis's code for it; the rest may quote
    in_script = _IN_SCRIPT.search(str(error))
    word = in_script[1] if in_script else str(error).partition(" ")[0]
    return StoreUnavailable(place, f"Redis answers {type(error).__name__} {word}")


#: what a script's error says before the code of the command that failed in it
_IN_SCRIPT = re.compile(r"@user_script: ?\d+: -?([A-Z]{2,})")

_NOT_TRUSTED = "the certificate of Redis is not trusted, or is for another name"
_ALL_IN_USE = "all connections of redis_client are in use: raise its max_connections"
_NOT_SERVED = "no node of the Redis cluster serves this key"
_DOWN = "the Redis cluster is down for this node: it has just started, or does not reach most primaries"
_NO_NODE = "no node of the Redis cluster can be reached"
_NOT_COVERED = "the Redis cluster does not serve all slots, and redis_client has require_full_coverage"
_IS_CLUSTER = "this Redis is a node of a cluster, for which the bot needs redis_client=RedisCluster(...)"

#: the first that fits counts: kind of an error, a word in it, and what an operator is told
_REASONS: tuple[tuple[type[Exception], str, str], ...] = (
    (UnicodeDecodeError, "", "what Redis has there is no text"),
    (AuthenticationError, "", "Redis refuses the user name or password"),
    (NoPermissionError, "", "the Redis user lacks the right for this"),
    (RedisTimeoutError, "", "Redis does not answer in time"),
    (MasterNotFoundError, "", "no Sentinel that answers names a primary"),
    (RedisConnectionError, "CERTIFICATE_VERIFY_FAILED", _NOT_TRUSTED),
    (RedisConnectionError, "Too many connections", _ALL_IN_USE),
    (RedisConnectionError, "No connection available", _ALL_IN_USE),
    (RedisConnectionError, "", "Redis cannot be reached"),
    (SlotNotCoveredError, "", _NOT_SERVED),
    (ClusterDownError, "not served", _NOT_SERVED),
    (ClusterDownError, "is down", _DOWN),
    (RedisClusterException, "cannot be connected", _NO_NODE),
    (RedisClusterException, "not covered", _NOT_COVERED),
    (AskError, "", _IS_CLUSTER),
    (ResponseError, "MOVED ", _IS_CLUSTER),  # redis-py 5
)


def answers(pipe: Any) -> list[Any]:
    """What a pipeline's commands answer; an error for one that failed.

    Raised by redis-py itself, these errors would quote the commands, with the tokens in them.
    """
    return list(pipe.execute(raise_on_error=False))


def check(*given: Any) -> None:
    """Raise the first of these answers that is an error."""
    for answer in given:
        if isinstance(answer, Exception):
            raise answer


def text(raw: Any) -> str:
    """An id or a time as text, whether or not the client decodes."""
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
