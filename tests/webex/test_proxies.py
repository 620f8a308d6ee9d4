"""``proxies=``: everything that the package asks Webex goes through them, and their passwords are nowhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.connect_proxy import ConnectProxy, connect_proxy
from support.makers import Make
from support.whoami import Whoami
from webex_bot.webex_bot import WebexBot
from webex_bot.websockets import webex_websocket_client

from webex_bot_auth.errors import SettingError
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.user_context.settings import check_proxies

PASSWORD = "p%40ss-w0rd"


@pytest.fixture
def proxy() -> Iterator[ConnectProxy]:
    with connect_proxy() as made:
        yield made


def with_password(proxy: ConnectProxy) -> dict[str, str]:
    return {"http": proxy.url.replace("://", f"://alice:{PASSWORD}@")}


@pytest.fixture
def no_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    """webex_bot's own websocket needs another package for a proxy, even where it goes by none."""
    monkeypatch.setattr(webex_websocket_client, "proxy_connect", object())


@pytest.mark.holds(17)
@pytest.mark.usefixtures("no_tunnel")
@pytest.mark.parametrize("login_flow", ["redirect", "device"])
@pytest.mark.parametrize("whose", ["manager", "bot", "environment"])
def test_all_traffic_goes_through_the_proxy(
    webex_sandbox: WebexSandbox,
    yaml_manager: Make,
    proxy: ConnectProxy,
    whose: str,
    login_flow: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    webex_sandbox.oauth.device_interval = 1
    proxies = with_password(proxy)
    if whose == "environment":
        monkeypatch.setenv("HTTP_PROXY", proxies["http"])
        monkeypatch.setenv("http_proxy", proxies["http"])
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
    manager = partial(
        yaml_manager, login_flow=login_flow, **({"proxies": proxies} if whose == "manager" else {})
    )
    bot = webex_sandbox.run(
        Whoami, manager=manager, bot=partial(WebexBot, proxies=proxies) if whose == "bot" else WebexBot
    )
    alice = webex_sandbox.add_person("Alice Adams")
    asked = bot.hears(alice, "whoami")
    assert bot.press_login(bot.login_card(alice), alice).status_code == 200
    assert bot.answer_to(asked, "You are Alice Adams")
    with bot.manager.api(user_id=alice.id) as api:
        assert api.people.me().display_name == "Alice Adams"
    context = bot.manager.get_user_context(user_id=alice.id)
    assert context
    assert bot.manager.token_refresh(tokens=context.tokens)
    bot.manager.logout(user_id=alice.id)
    passed = {request.partition("?")[0] for request in proxy.requests}
    paths = {f"{one.split()[0]} {urlsplit(one.split()[1]).path}" for one in passed}
    wanted = {"GET /v1/people/me", "POST /v1/messages", "POST /v1/access_token"}
    if login_flow == "device":
        wanted |= {"POST /v1/device/authorize", "POST /v1/device/token"}
    assert wanted <= paths
    assert len(webex_sandbox.calls.to("/v1/access_token")) == sum(
        "/v1/access_token" in request for request in proxy.requests
    )
    assert proxy.credentials
    assert "w0rd" not in caplog.text + repr(bot.manager) + repr(vars(bot.manager))


@pytest.mark.usefixtures("no_tunnel")
def test_a_bot_goes_by_its_own_where_the_manager_has_another(
    webex_sandbox: WebexSandbox, yaml_manager: Make, proxy: ConnectProxy
) -> None:
    with connect_proxy() as bots:
        bot = webex_sandbox.run(
            Whoami, manager=partial(yaml_manager, proxies={"http": proxy.url}),
            bot=partial(WebexBot, proxies={"http": bots.url}),
        )  # fmt: skip
        alice = webex_sandbox.add_person("Alice Adams")
        bot.hears(alice, "whoami")
        bot.login_card(alice)
        look_up, card = "GET http://{}/v1/messages/", "POST http://{}/v1/messages"
        host = urlsplit(webex_sandbox.url).netloc
        assert any(request.startswith(look_up.format(host)) for request in bots.requests)
        assert any(request.startswith(card.format(host)) for request in proxy.requests)
        assert not any(request.startswith(look_up.format(host)) for request in proxy.requests)


def test_it_is_not_the_environments_where_there_are_others(
    cloud: Sandbox, yaml_manager: Make, proxy: ConnectProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect_proxy() as other:
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, other.url)
        alice = cloud.add_person("Alice Adams")
        proxies = {"all": proxy.url}
        with yaml_manager(cloud.add_bot("Echo Bot").token, cloud.integration(), proxies=proxies) as manager:
            manager.request_login(user_id=alice.id)
        assert [request.partition(" ")[0] for request in proxy.requests][-1] == "POST"
        assert other.requests == []


def test_webex_bots_own_line_about_its_proxy_shows_no_password(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    webex_websocket_client.logger.info(
        "Using proxy for websocket connection: http://alice:p@ss-w0rd@proxy:8080"
    )
    assert caplog.messages == ["Using proxy for websocket connection: http://alice:***@proxy:8080"]


GOOD: list[Any] = [
    None,
    {},
    {"http": "http://proxy:8080", "https": "http://proxy:8080/"},
    {"https": f"http://alice:{PASSWORD}@proxy.example.com:8080"},
    {"all": "https://proxy"},
    {"https": "proxy.example.com:8080"},
    {"https": "10.0.0.1:3128"},
    {"https": "http://[::1]:3128"},
    {"https://webexapis.com": "http://proxy:1"},
    {"wss": "http://proxy:8080", "no_proxy": "localhost,.example.com"},
    {"https": None, "http": ""},
]


@pytest.mark.parametrize("proxies", GOOD)
def test_what_requests_takes_is_taken(proxies: Any) -> None:
    check_proxies(proxies)


BAD: list[tuple[Any, str]] = [
    ("http://alice:w0rd@proxy:8080", "has to be as requests takes it"),
    (["http://alice:w0rd@proxy:8080"], "has to be as requests takes it"),
    ({"HTTPS": "http://alice:w0rd@proxy:8080"}, "has another name before the colon"),
    ({"https:": "http://alice:w0rd@proxy:8080"}, "has another name before the colon"),
    ({"webexapis.com": "http://alice:w0rd@proxy:8080"}, "has another name before the colon"),
    ({1: "http://alice:w0rd@proxy:8080"}, "has another name before the colon"),
    ({"https": 8080}, "has to be a text"),
    ({"https": ["http://alice:w0rd@proxy:8080"]}, "has to be a text"),
    ({"https": b"http://alice:w0rd@proxy:8080"}, "has to be a text"),
    ({"https": "http://alice:w0rd@proxy:8080\n"}, "white space"),
    ({"https": '"http://alice:w0rd@proxy:8080"'}, "quotes"),
    ({"https": "http://alice:my w0rd@proxy:8080"}, "contains a space"),
    ({"https": "http://alice:w0rd@münchen:8080"}, "not allowed"),
    ({"https": "http://alice:w0/rd-w0rd@proxy:8080"}, "percent-encoded"),
    ({"https": "http://alice:12/w0rd@proxy:8080"}, "percent-encoded"),
    ({"https": "http://alice:12#w0rd@proxy:8080"}, "percent-encoded"),
    ({"https": "http://alice:12?w0rd@proxy:8080"}, "percent-encoded"),
    ({"https": "http://alice:w0rd@proxy:port"}, "no address of a proxy"),
    ({"https": "http://alice:w0rd@proxy:99999"}, "no address of a proxy"),
    ({"https": "http://alice:w0rd@proxy:0"}, "no address of a proxy"),
    ({"https": "http://alice:w0rd@:8080"}, "no address of a proxy"),
    ({"https": "http://"}, "no address of a proxy"),
    ({"https": "alice:w0rd@proxy:8080"}, "write http://"),
    ({"https": "://proxy"}, "no address of a proxy"),
    ({"https": "ftp://alice:w0rd@proxy"}, "has to begin with http://"),
    ({"https": "htp://proxy"}, "has to begin with http://"),
    ({"https": "socks5h://alice:w0rd@proxy:1080"}, "requests\\[socks\\]"),
]


@pytest.mark.holds(17)
@pytest.mark.parametrize(("proxies", "said"), BAD)
def test_a_proxy_that_cannot_be_right_is_refused_and_not_shown(
    proxies: Any, said: str, yaml_manager: Make, cloud: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webex_bot_auth.user_context.settings.find_spec", lambda name: None)
    with pytest.raises(SettingError, match=said) as caught:
        yaml_manager("token", cloud.integration(), proxies=proxies)
    assert caught.value.setting == "proxies"
    assert "w0rd" not in str(caught.value)
