"""A missing or malformed setting stops the start with a message that names it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.makers import Make
from support.redis_server import RedisServer
from support.whoami import Whoami
from webex_bot.webex_bot import WebexBot
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager, Texts, YAMLTokenManager
from webex_bot_auth.chat.texts import PageText
from webex_bot_auth.errors import SettingError
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing.sample_contexts import context


@pytest.mark.parametrize(
    ("setting", "options"),
    [
        ("bot_token", {"bot_token": ""}),
        ("bot_token", {"bot_token": None}),
        ("bot_token", {"bot_token": "hush\n"}),
        ("bot_token", {"bot_token": " hush"}),
        ("bot_token", {"bot_token": '"hush"'}),
        ("bot_token", {"bot_token": "Bearer hush"}),
        ("bot_token", {"bot_token": "hush\0hush"}),
        ("bot_token", {"bot_token": "h\u00fcsh"}),
        ("bot_token", {"bot_token": b"hush"}),
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
    assert "hush" not in str(caught.value)


def test_no_encryption_keys_may_be_none(either_manager: Make, integration: Integration) -> None:
    with either_manager("token", integration, encryption_keys=None) as manager:
        manager.set_user_context(user_id="alice", user_context=context("alice"))
        assert manager.get_user_context(user_id="alice") == context("alice")
    with pytest.raises(SettingError, match="accept_plain"):
        either_manager("token", integration, encryption_keys=None, accept_plain=False)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://bot.example.com/redirect", "has to begin with https://"),
        ("http://0.0.0.0:5000/redirect", "write localhost"),
        ("http://[::]:5000/redirect", "write localhost"),
        ("http://localhost:0/redirect", "write the port"),
        ("http://localhost:port/redirect", "is not a full address"),
        ("https://bot.example.com/#/redirect", "behind #"),
    ],
)
def test_a_redirect_address_that_no_browser_can_open_is_refused(
    yaml_manager: Make, integration: Integration, url: str, said: str
) -> None:
    integration.redirect_url = url
    with pytest.raises(SettingError, match=said) as caught:
        yaml_manager("token", integration)
    assert caught.value.setting == "integration.redirect_url"


def test_a_folder_that_cannot_be_written_is_refused(integration: Integration) -> None:
    with pytest.raises(SettingError, match="yml_base: /proc cannot be written"):
        YAMLTokenManager("token", integration, yml_base="/proc/tokens")


def test_the_base_name_of_the_file_may_have_its_extension(tmp_path: Path, integration: Integration) -> None:
    for base in ("tokens", "tokens.yml"):
        with YAMLTokenManager("token", integration, yml_base=str(tmp_path / base)) as manager:
            manager.set_user_context(user_id=base, user_context=context(base))
    assert (tmp_path / "tokens.yml").exists()
    assert not (tmp_path / "tokens.yml.yml").exists()
    (tmp_path / "tokens.yml").rename(tmp_path / "tokens.yml.yml")  # as an earlier version wrote it
    with YAMLTokenManager("token", integration, yml_base=str(tmp_path / "tokens.yml")) as manager:
        assert manager.get_user_context(user_id="tokens")


def test_a_redis_host_may_have_a_port_and_is_no_url(
    redis_server: RedisServer, integration: Integration
) -> None:
    with pytest.raises(SettingError, match="pass this as redis_url") as caught:
        RedisTokenManager("token", integration, redis_host=redis_server.url)
    assert caught.value.setting == "redis_host"
    with RedisTokenManager("token", integration, redis_host=f"127.0.0.1:{redis_server.port}") as manager:
        assert manager.redis.ping()
    for host, expected in (("::1", ("::1", 6379)), ("[::1]:7000", ("::1", 7000)), ("redis", ("redis", 6379))):
        with RedisTokenManager("token", integration, redis_host=host) as manager:
            to = manager.redis.connection_pool.connection_kwargs
            assert (to["host"], to.get("port", 6379)) == expected


def test_an_unknown_option_is_refused(yaml_manager: Make, integration: Integration) -> None:
    with pytest.raises(TypeError, match="flow_lifetme"):
        yaml_manager("token", integration, flow_lifetme=timedelta(1))


@pytest.mark.parametrize("text", ["Hello {nmae}", "Hello {", "{0}"])
def test_a_mistake_in_a_text_is_found_at_the_start(text: str) -> None:
    with pytest.raises(SettingError, match=r"texts\.logged_in"):
        Texts(logged_in=text)
    with pytest.raises(SettingError, match=r"texts\.page_done"):
        dataclasses.replace(Texts(), page_done=PageText("title", text, "next"))


@pytest.mark.parametrize("texts", [{"page_done": "Fertig"}, {"logged_in": PageText("a", "b", "c")}])
def test_a_text_of_the_wrong_kind_is_found_at_the_start(texts: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=rf"texts\.{next(iter(texts))}: .*PageText"):
        Texts(**texts)


@pytest.mark.parametrize(
    ("setting", "options"),
    [
        ("bot", {"bot": object()}),
        ("login_keyword", {"login_keyword": " "}),
        ("logout_keyword", {"logout_keyword": "abmelden "}),
        ("are the same", {"login_keyword": "account", "logout_keyword": "Account"}),
        ("account_commands", {"login_keyword": "whoami"}),
    ],
)
def test_register_bot_names_what_is_wrong(
    yaml_manager: Make, integration: Integration, cloud: Sandbox, setting: str, options: dict[str, Any]
) -> None:
    token = cloud.add_bot("Echo Bot").token
    with yaml_manager(token, integration) as manager:
        bot = WebexBot(teams_bot_token=token)
        bot.add_command(Whoami(token_manager=manager))
        with pytest.raises(SettingError, match=setting):
            manager.register_bot(**{"bot": bot, **options})
