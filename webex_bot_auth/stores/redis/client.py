"""Connections to Redis that answer in bounded time."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ...errors import SettingError

log = logging.getLogger(__name__)

CONNECT_SECONDS = 2.0
#: maximum wait for one answer of the server; seconds
ANSWER_SECONDS = 2.5
#: a blocking pop has to end before the connection's own time limit; seconds
MAX_POP_SECONDS = 1.0


def connect(host: str | None, url: str | None) -> Redis:
    """A client for a host (which takes precedence) or a URL. Connects with the first command.

    Args:
        host: a name or address, with or without a port
        url: what :meth:`redis.Redis.from_url` takes

    Raises:
        SettingError: neither is given, or one is malformed
    """
    options: dict[str, Any] = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        "health_check_interval": 30,
        # No retries: what was sent may have been done, and a flow or event that is used twice is lost. Redis
        # looks whether a pooled connection is still open before it uses it, which is what a restart needs.
        "retry": Retry(NoBackoff(), 0),
    }
    if host and "://" in host:
        raise SettingError(
            "redis_host", "is a host, such as localhost or localhost:6379; pass this as redis_url"
        )
    if host:
        is_bare_ipv6 = host.count(":") > 1 and "[" not in host
        url = f"redis://[{host}]" if is_bare_ipv6 else f"redis://{host}"
    if not url:
        raise SettingError("redis_url", "is empty, and so is redis_host; e.g. redis://localhost:6379/0")
    try:
        url, tls = _tls(url)
        return Redis.from_url(url, **options, **tls)
    except (ValueError, TypeError) as error:
        # from None, and without the URL: it may hold a password
        setting = "redis_host" if host else "redis_url"
        raise SettingError(setting, f"is malformed ({type(error).__name__})") from None


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


def warn_about_client_settings(client: Any) -> None:
    """Warn where a bot author's own client waits for too long, or sends commands twice."""
    settings = client if hasattr(client, "get_connection_kwargs") else client.connection_pool
    options = settings.get_connection_kwargs() if settings is client else settings.connection_kwargs
    seconds = options.get("socket_timeout")
    if seconds is None:
        log.warning(
            "redis_client has no socket_timeout: a server that does not answer blocks commands for ever"
        )
    elif seconds <= MAX_POP_SECONDS:
        log.warning(
            "redis_client has a socket_timeout of %s s, and needs more than %s s", seconds, MAX_POP_SECONDS
        )
    retry = getattr(client, "retry", None) or options.get("retry")  # a cluster's own, or a connection's
    if getattr(client, "cluster_error_retry_attempts", 0) or getattr(retry, "_retries", 0):
        log.warning("redis_client has retries: what it sends again may run twice, see docs/how-to/redis.md")
