"""Connections to Redis that answer in bounded time, and its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

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


@contextmanager
def answering(place: str) -> Iterator[None]:
    """Turn redis-py's errors into :class:`StoreUnavailable`, with a reason an operator can act on."""
    try:
        yield
    except AuthenticationError as error:
        raise StoreUnavailable(place, "Redis refuses the user name or password") from error
    except NoPermissionError as error:
        raise StoreUnavailable(place, "the Redis user lacks the right for this") from error
    except RedisTimeoutError as error:
        raise StoreUnavailable(place, "Redis does not answer in time") from error
    except RedisConnectionError as error:
        why = "Redis cannot be reached"
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            why = "the certificate of Redis is not trusted, or is for another name"
        raise StoreUnavailable(place, why) from error
    except RedisError as error:
        # such as OOM or WRONGTYPE: class and first word are Redis's code for it; the rest may quote
        code = f"{type(error).__name__} {str(error).partition(' ')[0]}"
        raise StoreUnavailable(place, f"Redis answers {code}") from error


def text(raw: Any) -> str:
    """An id or a time as text, whether or not the client decodes."""
    return raw.decode("utf-8") if isinstance(raw, bytes) else str(raw)
