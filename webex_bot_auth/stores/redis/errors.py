"""redis-py's errors in our words, with a reason that an operator can act on."""

from __future__ import annotations

import re
import ssl
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
    """One of redis-py's errors in our words, with the server and the system's reason."""
    cause = error.__cause__ or error.__context__  # redis-py's own text of it differs between versions
    refused = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else None
    details = [vars(error).get("server"), refused or (cause.strerror if isinstance(cause, OSError) else None)]
    known = ": ".join(str(detail) for detail in details if detail)
    return StoreUnavailable(key, _reason(error) + (f" ({known})" if known else ""))


def name_server(error: Exception, address: str) -> None:
    """Let an error tell which server gave it, or did not answer."""
    vars(error).setdefault("server", address)


def is_demoted(error: Exception) -> bool:
    """Tell whether a server says that it takes no writes any more, of its own or out of a script."""
    return isinstance(error, (exceptions.ReadOnlyError, exceptions.MasterDownError)) or _code(error) in (
        "READONLY",
        "UNBLOCKED",  # what a blocking command gets at that moment
    )


def _reason(error: Exception) -> str:
    for kind, word, reason in _REASONS:
        if isinstance(error, kind) and word in str(error):
            return reason
    return f"Redis answers {type(error).__name__} {_code(error)}"


def _code(error: Exception) -> str:
    """Redis's code, such as OOM or WRONGTYPE: the first word; the rest may quote what was sent."""
    in_script = _IN_SCRIPT.search(str(error))
    return in_script[1] if in_script else str(error).partition(" ")[0]


#: what a script's error says before the code of the command that failed in it
_IN_SCRIPT = re.compile(r"@user_script: ?\d+: -?([A-Z]{2,})")

_ALL_IN_USE = "all connections of redis_client are in use: raise its max_connections"
_NOT_SERVED = "no node of the Redis cluster serves this key"
_DOWN = "the Redis cluster is down for this node: it has just started, or does not reach most primaries"
_NO_NODE = "no node of the Redis cluster can be reached"
_NOT_COVERED = "the Redis cluster does not serve all slots, and redis_client has require_full_coverage"
_MOVES = "a slot of the Redis cluster is moving to another node"
_IS_CLUSTER = "this Redis is a node of a cluster, for which the bot needs redis_client=RedisCluster(...)"
_NOT_OURS = "another application has this name for something else (WRONGTYPE): set a key_prefix of your own"

#: the first that fits counts: kind of an error, a word in it, and what an operator is told
_REASONS: tuple[tuple[type[Exception], str, str], ...] = (
    (UnicodeDecodeError, "", "what Redis has there is no text"),
    (UnicodeEncodeError, "", "the id is no text"),
    (exceptions.AuthenticationError, "", "Redis refuses the user name or password"),
    (exceptions.NoPermissionError, "", "the Redis user lacks the right for this"),
    (exceptions.TimeoutError, "", "Redis does not answer in time"),
    (MasterNotFoundError, "", "no Sentinel that answers names a primary"),
    (exceptions.ConnectionError, "CERTIFICATE_VERIFY_FAILED", "the certificate of Redis is refused"),
    (exceptions.ConnectionError, "closed by server", "Redis cannot be reached: it closes the connection"),
    (exceptions.ConnectionError, "Too many connections", _ALL_IN_USE),
    (exceptions.ConnectionError, "No connection available", _ALL_IN_USE),
    (exceptions.ConnectionError, "", "Redis cannot be reached"),
    (exceptions.SlotNotCoveredError, "", _NOT_SERVED),
    (exceptions.TryAgainError, "", _MOVES),
    (exceptions.ClusterError, "TTL exhausted", _MOVES),
    (exceptions.ClusterDownError, "not served", _NOT_SERVED),
    (exceptions.ClusterDownError, "is down", _DOWN),
    (exceptions.RedisClusterException, "cannot be connected", _NO_NODE),
    (exceptions.RedisClusterException, "not covered", _NOT_COVERED),
    (exceptions.AskError, "", _IS_CLUSTER),
    (exceptions.ResponseError, "MOVED ", _IS_CLUSTER),  # redis-py 5
    (exceptions.ResponseError, "WRONGTYPE", _NOT_OURS),
)


def as_text(raw: Any) -> str:
    """An id or a time as text, whether or not the client decodes."""
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
