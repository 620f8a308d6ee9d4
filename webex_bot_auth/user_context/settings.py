"""Settings that all token managers have: checked where a manager is made, not at the first login."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from wxc_sdk.integration import Integration

from ..errors import SettingError
from ..ground.scopes import lacking
from ..webex.oauth import problem_of_text, scopes_setting

DEFAULT_LIFETIME = timedelta(minutes=10)


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
