"""redis-py's errors in our words, with a reason that an operator can act on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import exceptions
from redis.sentinel import MasterNotFoundError

from ...errors import StoreUnavailable

#: what redis-py raises; the last one for a key that is no text, or by a client that decodes
ERRORS = (exceptions.RedisError, exceptions.RedisClusterException, UnicodeError)


@contextmanager
def translate_redis_errors(key: str) -> Iterator[None]:
    """Turn redis-py's errors into :class:`StoreUnavailable`, with a reason that an operator can act on."""
    try:
        yield
    except ERRORS as error:
        raise unavailable(key, error) from error


def unavailable(key: str, error: Exception) -> StoreUnavailable:
    """One of redis-py's errors in our words."""
    for kind, word, reason in _REASONS:
        if isinstance(error, kind) and word in str(error):
            return StoreUnavailable(key, reason)
    # such as OOM or WRONGTYPE: the first word is Redis's code; the rest may quote what was sent
    in_script = _IN_SCRIPT.search(str(error))
    word = in_script[1] if in_script else str(error).partition(" ")[0]
    return StoreUnavailable(key, f"Redis answers {type(error).__name__} {word}")


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
    (UnicodeEncodeError, "", "the id is no text"),
    (exceptions.AuthenticationError, "", "Redis refuses the user name or password"),
    (exceptions.NoPermissionError, "", "the Redis user lacks the right for this"),
    (exceptions.TimeoutError, "", "Redis does not answer in time"),
    (MasterNotFoundError, "", "no Sentinel that answers names a primary"),
    (exceptions.ConnectionError, "CERTIFICATE_VERIFY_FAILED", _NOT_TRUSTED),
    (exceptions.ConnectionError, "Too many connections", _ALL_IN_USE),
    (exceptions.ConnectionError, "No connection available", _ALL_IN_USE),
    (exceptions.ConnectionError, "", "Redis cannot be reached"),
    (exceptions.SlotNotCoveredError, "", _NOT_SERVED),
    (exceptions.ClusterDownError, "not served", _NOT_SERVED),
    (exceptions.ClusterDownError, "is down", _DOWN),
    (exceptions.RedisClusterException, "cannot be connected", _NO_NODE),
    (exceptions.RedisClusterException, "not covered", _NOT_COVERED),
    (exceptions.AskError, "", _IS_CLUSTER),
    (exceptions.ResponseError, "MOVED ", _IS_CLUSTER),  # redis-py 5
)


def as_text(raw: Any) -> str:
    """An id or a time as text, whether or not the client decodes."""
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
