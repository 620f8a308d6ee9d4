"""``register_redirect`` serves the path of the integration's redirect address."""

from __future__ import annotations

import pytest
from flask import Flask
from support.makers import Make
from support.redirect_page import check_headers
from werkzeug.test import Client

from webex_bot_auth.errors import SettingError
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing.redirects import came_back


@pytest.mark.parametrize("path", ["/redirect", "/", "/bots/echo.bot/login%20done"])
def test_a_login_ends_at_the_path_of_the_redirect_address(
    yaml_manager: Make, cloud: Sandbox, alice: Person, path: str
) -> None:
    integration = cloud.integration(f"http://127.0.0.1:5000{path}")
    with yaml_manager(cloud.add_bot("Echo Bot").token, integration) as manager:
        app = Flask("bot")
        manager.register_redirect(flask=app)
        back = came_back(cloud, manager.asking.url(alice.id), alice)
        browser = app.test_client()
        assert browser.get(f"{path}?state={back['flow_id']}&code={back['code']}").status_code == 200
        assert manager.get_user_context(user_id=alice.id)
        check_headers(browser.open(path, method="BREW"))
        assert browser.get("/elsewhere").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "team=M%C3%BCnchen",
        "a=1&a=2",
        "team=",
        "a=%0A&b=%00",
        "next=%2Fredirect%3Fcode%3D1",
        "stateful=1&codes=2",
        "q",
    ],
)
def test_a_redirect_address_may_have_a_query(
    yaml_manager: Make, cloud: Sandbox, alice: Person, query: str
) -> None:
    url = f"http://127.0.0.1:5000/redirect?{query}"
    with yaml_manager(cloud.add_bot("Echo Bot").token, cloud.integration(url)) as manager:
        app = Flask("bot")
        manager.register_redirect(flask=app)
        back = cloud.log_in(manager.asking.url(alice.id), alice, stop_before_redirect=True)
        assert back.startswith(url)
        assert app.test_client().get(back).status_code == 200
        assert manager.get_user_context(user_id=alice.id)
        assert cloud.calls.exchanges()[-1].form["redirect_uri"] == url


@pytest.mark.parametrize("url", ["http://127.0.0.1:5000", "https://bot.example.com?from=webex"])
def test_an_address_without_a_path_is_refused(yaml_manager: Make, cloud: Sandbox, url: str) -> None:
    with yaml_manager("token", cloud.integration(url)) as manager:
        with pytest.raises(SettingError, match="has no path") as caught:
            manager.register_redirect(flask=Flask("bot"))
        assert caught.value.setting == "integration.redirect_url"


def test_a_path_that_the_app_serves_already_is_refused(yaml_manager: Make, cloud: Sandbox) -> None:
    app = Flask("bot")
    app.add_url_rule("/<anything>", endpoint="any", view_func=lambda anything: anything)
    app.add_url_rule("/redirect", endpoint="post", methods=["POST"], view_func=lambda: "posted")
    with yaml_manager("token", cloud.integration()) as manager:
        manager.register_redirect(flask=app)
        assert app.test_client().get("/redirect").status_code == 400
        with pytest.raises(SettingError, match="/redirect already"):
            manager.register_redirect(flask=app)


def test_two_bots_may_share_an_app(yaml_manager: Make, cloud: Sandbox) -> None:
    app = Flask("bots")
    for path in ("one", "two"):
        with yaml_manager("token", cloud.integration(f"http://127.0.0.1:5000/{path}")) as manager:
            manager.register_redirect(flask=app)
    for path in ("one", "two"):
        answer = Client(app).get(f"/{path}")
        assert answer.status_code == 400
        check_headers(answer)
