"""An app behind a prefix: mounted, named by the server as SCRIPT_NAME, or taken off by a proxy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, request
from support.makers import Make
from support.redirect_page import check_headers
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from webex_bot_auth.errors import SettingError
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing.redirects import came_back

Wrap = Callable[[Flask, str], Any]


def mounted(app: Flask, prefix: str) -> Any:
    return DispatcherMiddleware(Flask("outside"), {prefix: app})


def stripping(app: Flask, prefix: str) -> Any:
    """A proxy that takes the prefix off, and says nothing of it."""

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        return app({**environ, "PATH_INFO": environ["PATH_INFO"].removeprefix(prefix)}, start_response)

    return serve


def as_it_is(app: Flask, prefix: str) -> Any:
    return app


@pytest.mark.parametrize(
    ("wrap", "prefix", "address", "path"),
    [
        (mounted, "/bot", "/bot/redirect", None),
        (mounted, "/bot", "/bot/redirect", "/redirect"),
        (mounted, "/a/b", "/a/b/c/redirect", None),
        (mounted, "/bot", "/bot/", None),
        (mounted, "/bot", "/bot", None),
        (mounted, "/redirect", "/redirect/redirect", None),
        (mounted, "/b%C3%B6t".replace("%C3%B6", "o"), "/bot/log%20in", None),
        (stripping, "/bot", "/bot/redirect", "/redirect"),
        (stripping, "/bot", "/bot/", "/"),
        (stripping, "/a/b", "/a/b/m%C3%BCnchen", "/münchen"),
        (as_it_is, "", "/bot/redirect", "/bot/redirect"),
        (as_it_is, "", "/bot/redirect", None),
    ],
)
def test_a_login_ends_behind_the_prefix(
    yaml_manager: Make,
    cloud: Sandbox,
    alice: Person,
    wrap: Wrap,
    prefix: str,
    address: str,
    path: str | None,
) -> None:
    integration = cloud.integration(f"https://bot.example.com{address}")
    with yaml_manager(cloud.add_bot("Echo Bot").token, integration) as manager:
        app = Flask("bot")
        app.add_url_rule("/where", view_func=lambda: f"{request.script_root}{request.path}")
        manager.register_redirect(flask=app, path=path)
        browser = Client(wrap(app, prefix))
        back = came_back(cloud, manager.asking.url(alice.id), alice)
        answer = browser.get(f"{address}?state={back['flow_id']}&code={back['code']}")
        assert answer.status_code == 200
        check_headers(answer)
        assert "Set-Cookie" not in answer.headers
        assert manager.get_user_context(user_id=alice.id)
        if wrap is mounted:
            assert browser.get(f"{prefix}/where").text == f"{prefix}/where"


@pytest.mark.parametrize(
    "path",
    ["", "redirect", "//redirect", "https://bot.example.com/redirect", "/redirect?a=1", "/redirect#a",
     "/<any>", "/redirect ", "/a\nb", "/a%20b", '"/redirect"', 5, b"/redirect", ["/redirect"], "/a//b"],
)  # fmt: skip
def test_a_path_that_cannot_be_right_is_refused(yaml_manager: Make, cloud: Sandbox, path: Any) -> None:
    with yaml_manager("token", cloud.integration()) as manager:
        with pytest.raises(SettingError, match="has to b") as caught:
            manager.register_redirect(flask=Flask("bot"), path=path)
        assert caught.value.setting == "path"


def test_a_path_that_is_served_already_names_the_option(yaml_manager: Make, cloud: Sandbox) -> None:
    app = Flask("bot")
    app.add_url_rule("/redirect", view_func=lambda: "")
    with yaml_manager("token", cloud.integration()) as manager, pytest.raises(SettingError, match=r"^path: "):
        manager.register_redirect(flask=app, path="/redirect")
