"""Connections to Redis that answer in bounded time, and lead to the server that takes writes."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from ...errors import SettingError
from .errors import is_demoted, name_server

log = logging.getLogger(__name__)

#: Valkey speaks Redis's protocol, and redis-py does not know its schemes
_SCHEMES = {"valkey": "redis", "valkeys": "rediss"}

CONNECT_SECONDS = 2.0
#: maximum wait for one answer of the server; seconds
ANSWER_SECONDS = 2.5


class Client(Redis):
    """redis-py's client, whose errors name the server, and which leaves a server that was demoted."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        try:
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except RedisError as error:
            note_errors(self, error)
            raise


def note_errors(client: Redis, *given: Any) -> None:
    """Look for errors among the answers of a server, see :class:`Client`.

    Where one address is switched from one server to another, connections to the old one stay open as long as
    it lives, and redis-py keeps them; so those that are idle are closed, and the next command opens one.
    """
    errors = [one for one in given if isinstance(one, Exception)]
    for error in errors:
        name_server(error, address_of(client.connection_pool))
    if any(map(is_demoted, errors)):
        try:
            client.connection_pool.disconnect(inuse_connections=False)
        except TypeError:  # redis-py 5's BlockingConnectionPool closes all or none
            client.connection_pool.disconnect()


def address_of(pool: ConnectionPool) -> str:
    """The host and port, the path of the socket, or the name that a Sentinel knows; holds no secret."""
    options = pool.connection_kwargs
    named = getattr(pool, "service_name", None) or options.get("path")
    return str(named or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}")


def with_notes(client: Any) -> Any:
    """A bot author's client as a :class:`Client` that shares its connections; a cluster's as it is."""
    return Client(connection_pool=client.connection_pool) if isinstance(client, Redis) else client


def connect(host: str | None, url: str | None) -> Client:
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
        url, tls = _understood(url)
        return Client.from_url(url, **options, **tls)  # type: ignore[return-value]  # redis-py says Redis
    except (ValueError, TypeError) as error:
        # from None, and without the URL: it may hold a password
        setting = "redis_host" if host else "redis_url"
        hint = "; percent-encode the password (@ is %40, / is %2F)" if "@" in url else ""
        raise SettingError(setting, f"is malformed ({type(error).__name__}){hint}") from None


def _understood(url: str) -> tuple[str, dict[str, Any]]:
    """The URL as redis-py understands it, and options for TLS.

    The server's name is checked where the URL does not say otherwise: redis-py 5 does not by itself. It does
    not understand ``ssl_check_hostname=false`` in a URL either, so that is taken out of it.

    Raises:
        ValueError: it is malformed
    """
    address = urlsplit(url)
    if scheme := _SCHEMES.get(address.scheme):
        url = scheme + url[len(address.scheme) :]
        address = address._replace(scheme=scheme)
    # a password with / ? or # ends the host, and the @ of the real one is behind it
    behind = f"{address.path}{address.fragment}{'' if '=' in address.query else address.query}"
    if "@" in behind and address.scheme != "unix":
        raise ValueError
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
    retry = getattr(client, "retry", None) or options.get("retry")  # a cluster's own, or a connection's
    if getattr(client, "cluster_error_retry_attempts", 0) or getattr(retry, "_retries", 0):
        log.warning("redis_client has retries: what it sends again may run twice, see docs/how-to/redis.md")
