"""A missing or malformed setting stops the start with a message that names it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from support.makers import Make
from support.whoami import Whoami
from webex_bot.webex_bot import WebexBot
from wxc_sdk.integration import Integration

from webex_bot_auth import Texts
from webex_bot_auth.chat.texts import PageText
from webex_bot_auth.errors import SettingError
from webex_bot_auth.sandbox import Sandbox


@pytest.mark.parametrize(
    ("setting", "options"),
    [
        ("bot_token", {"bot_token": ""}),
        ("bot_token", {"bot_token": None}),
        ("integration", {"integration": None}),
        ("yml_base", {"yml_base": ""}),
        ("yml_base", {"yml_base": None}),
        ("flow_lifetime", {"flow_lifetime": timedelta(0)}),
        ("flow_lifetime", {"flow_lifetime": 600}),
        ("login_scopes", {"login_scopes": []}),
        ("login_scopes", {"login_scopes": ["spark:people_read", "spark:lacking"]}),
        ("login_scopes", {"login_scopes": "spark:people_read,spark:rooms_read"}),
        ("encryption_keys", {"encryption_keys": "key"}),
        ("encryption_keys", {"encryption_keys": ["short"]}),
        ("encryption_keys", {"encryption_keys": [""]}),
        ("encryption_keys", {"encryption_keys": [b"\xff" * 32]}),
    ],
)
def test_it_is_named(
    yaml_manager: Make, integration: Integration, setting: str, options: dict[str, Any]
) -> None:
    with pytest.raises(SettingError, match=setting) as caught:
        yaml_manager(**{"bot_token": "token", "integration": integration, **options})
    assert caught.value.setting == setting


def test_an_unknown_option_is_refused(yaml_manager: Make, integration: Integration) -> None:
    with pytest.raises(TypeError, match="flow_lifetme"):
        yaml_manager("token", integration, flow_lifetme=timedelta(1))


@pytest.mark.parametrize("text", ["Hello {nmae}", "Hello {", "{0}"])
def test_a_mistake_in_a_text_is_found_at_the_start(text: str) -> None:
    with pytest.raises(SettingError, match=r"texts\.logged_in"):
        Texts(logged_in=text)
    with pytest.raises(SettingError, match=r"texts\.page_done"):
        dataclasses.replace(Texts(), page_done=PageText("title", text, "next"))


@pytest.mark.parametrize(
    ("setting", "options"),
    [
        ("bot", {"bot": object()}),
        ("login_keyword", {"login_keyword": " "}),
        ("account_commands", {"login_keyword": "whoami"}),
    ],
)
def test_register_bot_names_what_is_wrong(
    yaml_manager: Make, integration: Integration, cloud: Sandbox, setting: str, options: dict[str, Any]
) -> None:
    with yaml_manager("token", integration) as manager:
        bot = WebexBot(teams_bot_token=cloud.add_bot("Echo Bot").token)
        bot.add_command(Whoami(token_manager=manager))
        with pytest.raises(SettingError, match=setting):
            manager.register_bot(**{"bot": bot, **options})
