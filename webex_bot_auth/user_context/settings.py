"""Settings that all token managers have: checked where a manager is made, not at the first login."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from importlib.util import find_spec
from typing import Any

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url
from wxc_sdk.integration import Integration

from ..errors import SettingError
from ..ground.scopes import lacking
from ..webex.oauth import problem_of_text, scopes_setting

DEFAULT_LIFETIME = timedelta(minutes=10)
_PROXIES = 'has to be as requests takes it: {"http": "http://proxy.example.com:8080", "https": ...}'
_PROXY_KEYS = ("http", "https", "all", "ws", "wss", "no_proxy", "no")


def check_settings(bot_token: Any, integration: Any, flow_lifetime: Any, login_flow: Any) -> None:
    """Refuse settings with which no login could work.

    Raises:
        SettingError: names the setting, and says what to write
    """
    if not isinstance(bot_token, str) or not bot_token.strip():
        raise SettingError("bot_token", "is empty; a bot's access token is shown once at developer.webex.com")
    if problem := problem_of_text(bot_token):
        raise SettingError("bot_token", problem)
    if not isinstance(integration, Integration):
        raise SettingError("integration", "has to be a wxc_sdk.integration.Integration")
    if not isinstance(flow_lifetime, timedelta) or flow_lifetime <= timedelta(0):
        raise SettingError("flow_lifetime", "has to be a timedelta longer than zero")
    if login_flow not in ("redirect", "device"):
        raise SettingError("login_flow", 'is either "redirect" or "device"')


def check_login_scopes(login_scopes: str | Iterable[str] | None, integration: Integration) -> list[str]:
    """The scopes as a list; empty for None.

    Raises:
        SettingError: there are none, or the integration is not configured with one of them
    """
    if login_scopes is None:
        return []
    scopes = scopes_setting("login_scopes", login_scopes)
    if not scopes:
        raise SettingError("login_scopes", "is empty; leave it out to ask for all scopes of the integration")
    if lacks := sorted(lacking(integration.scopes, scopes)):
        raise SettingError("login_scopes", f"integration.scopes lacks {', '.join(lacks)}: add them there")
    return scopes


def check_proxies(proxies: Any) -> None:
    """Refuse proxies with which no call could be sent, or which requests would pass by without a word.

    Raises:
        SettingError: says what to write, and shows no password
    """
    if not isinstance(proxies, (Mapping, type(None))):
        raise SettingError("proxies", _PROXIES)
    for name, proxy in (proxies or {}).items():
        if not isinstance(name, str) or name.partition("://")[0] not in _PROXY_KEYS:
            raise SettingError("proxies", f"{_PROXIES}; it has another name before the colon")
        if name in ("no_proxy", "no") or not proxy:  # no proxy at all
            continue
        if problem := problem_of_text(proxy):
            raise SettingError("proxies", f"the one for {name} {problem}")
        try:
            # where there is no scheme, requests takes the name before a colon for it
            is_clear = "://" in proxy or "@" not in proxy
            address = parse_url(proxy if "://" in proxy else f"http://{proxy}") if is_clear else None
        except (LocationParseError, ValueError):
            address = None
        rest = address and (address.path or "").strip("/") + (address.query or "") + (address.fragment or "")
        if address is None or not address.host or address.port == 0 or rest:
            raise SettingError(
                "proxies",
                f"the one for {name} is no address of a proxy: write http://proxy.example.com:8080; a name "
                "and password before the @ are percent-encoded, such as %2F for /",
            )
        if address.scheme not in ("http", "https", "socks4", "socks4a", "socks5", "socks5h"):
            raise SettingError(
                "proxies", f"the one for {name} has to begin with http://, https:// or socks5h://"
            )
        if (address.scheme or "").startswith("socks") and find_spec("socks") is None:
            raise SettingError("proxies", 'SOCKS needs another package: pip install "requests[socks]"')
