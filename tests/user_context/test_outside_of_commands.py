"""``manager.api``: Webex's API as a person, outside of a command; and the how-tos that use it."""

from __future__ import annotations

import functools
import hmac
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from support.makers import Make, MakeManager
from support.whoami import Whoami
from wxc_sdk.integration import Integration
from wxc_sdk.rest import RestError

import webex_bot_auth
from webex_bot_auth import RedisTokenManager, TokenManager
from webex_bot_auth.errors import LoginRequired
from webex_bot_auth.sandbox import Person, Sandbox, open_url
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.testing.redirects import log_in
from webex_bot_auth.testing.sample_contexts import context

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "outside-of-commands.md"


class TestApi:
    def test_it_is_webex_as_that_person(self, manager: TokenManager, cloud: Sandbox, alice: Person) -> None:
        log_in(cloud, manager, alice)
        with manager.api(user_id=alice.id, scopes=["spark:rooms_read"]) as api:
            assert api.people.me().display_name == "Alice Adams"

    def test_who_is_not_logged_in_has_to_log_in(self, manager: TokenManager, alice: Person) -> None:
        assert webex_bot_auth.LoginRequired is LoginRequired
        with pytest.raises(LoginRequired) as caught, manager.api(user_id=alice.id, scopes="a:b c:d"):
            pytest.fail("the block runs")
        assert (caught.value.user_id, caught.value.scopes) == (alice.id, ["a:b", "c:d"])

    def test_who_has_granted_fewer_scopes_has_to_log_in(self, manager: TokenManager, alice: Person) -> None:
        granted = context(alice.id, scope="spark:people_read")
        manager.set_user_context(user_id=alice.id, user_context=granted)
        with (
            pytest.raises(LoginRequired) as caught,
            manager.api(user_id=alice.id, scopes=["spark:rooms_read"]),
        ):
            pytest.fail("the block runs")
        assert caught.value.scopes == ["spark:rooms_read"]
        assert granted.same_tokens(manager.get_user_context(user_id=alice.id))
        with manager.api(user_id=alice.id):
            pass

    def test_a_token_that_webex_refuses_is_dropped(
        self, manager: TokenManager, cloud: Sandbox, alice: Person
    ) -> None:
        log_in(cloud, manager, alice)
        cloud.revoke_person(alice)
        with pytest.raises(LoginRequired) as caught, manager.api(user_id=alice.id) as api:
            api.people.me()
        assert caught.value.user_id == alice.id
        assert isinstance(caught.value.__cause__, RestError)
        assert manager.get_user_context(user_id=alice.id) is None

    @pytest.mark.holds(41)
    def test_a_token_that_was_replaced_in_the_meantime_needs_no_login(
        self, manager: TokenManager, cloud: Sandbox, alice: Person
    ) -> None:
        log_in(cloud, manager, alice)
        cloud.revoke_person(alice)

        with manager.api(user_id=alice.id) as api:
            log_in(cloud, manager, alice)
            assert api.people.me().display_name == "Alice Adams"

    @pytest.mark.holds(28)
    def test_a_refused_token_is_refreshed_once_and_the_call_is_sent_once_more(
        self, manager: TokenManager, cloud: Sandbox, alice: Person
    ) -> None:
        log_in(cloud, manager, alice)
        context = manager.get_user_context(user_id=alice.id)
        assert context
        context.tokens.access_token = "revoked-alone"
        manager.set_user_context(user_id=alice.id, user_context=context)
        cloud.calls.clear()
        with manager.api(user_id=alice.id) as api:
            assert api.people.me().display_name == "Alice Adams"
            assert api.people.me().display_name == "Alice Adams"
        assert len(cloud.calls.refreshes()) == 1
        statuses = [call.status for call in cloud.calls if call.path == "/v1/people/me"]
        assert statuses == [401, 200, 200]

    def test_other_faults_are_the_callers_and_drop_nothing(
        self, manager: TokenManager, cloud: Sandbox, alice: Person
    ) -> None:
        log_in(cloud, manager, alice)
        fault = cloud.faults.rest("/v1/people/me", status=403)
        with fault, pytest.raises(RestError), manager.api(user_id=alice.id) as api:
            api.people.me()
        with pytest.raises(ZeroDivisionError), manager.api(user_id=alice.id):
            1 / 0  # noqa: B018
        assert manager.get_user_context(user_id=alice.id)


def test_redis_is_the_client(redis_manager: Make, integration: Integration) -> None:
    with redis_manager("token", integration) as manager:
        assert isinstance(manager, RedisTokenManager)
        assert manager.redis.ping()


class TestHowTo:
    """The code of docs/how-to/outside-of-commands.md, with the names that it takes for granted."""

    @pytest.fixture
    def names(self, webex_sandbox: WebexSandbox, either_manager: Make) -> dict[str, Any]:
        app = Flask("howto")
        app.secret_key = "made up"
        bot = webex_sandbox.run(
            Whoami, app=app, manager=either_manager, scopes=["spark:people_read", "spark:rooms_read"]
        )
        names = {"app": app, "token_manager": bot.manager, "webhook_secret": "of the webhook", "bot": bot}
        for snippet in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
            exec(snippet, names)  # noqa: S102 (our own page)
        return names

    def test_a_page_asks_for_the_login_and_then_shows_the_persons_own(
        self, names: dict[str, Any], alice: Person
    ) -> None:
        bot, browser = names["bot"], names["app"].test_client()
        with browser.session_transaction() as session:
            session["user_id"] = alice.id
        refused = browser.get("/spaces")
        assert (refused.status_code, "log in" in refused.text) == (401, True)
        assert bot.press_login(bot.login_card(alice), alice).status_code == 200
        assert browser.get("/spaces").json == {"spaces": [bot.person.display_name]}

    def test_a_webhook_acts_for_the_person_who_caused_it(self, names: dict[str, Any], alice: Person) -> None:
        bot, webex = names["bot"], names["app"].test_client()
        bot.log_in(alice)
        body = f'{{"actorId": "{alice.id}"}}'
        sign = hmac.new(b"of the webhook", body.encode(), "sha1").hexdigest()
        for signature, status in (("forged", 403), ("f\xf6rged", 403), (sign, 204)):
            headers = {"X-Spark-Signature": signature, "Content-Type": "application/json"}
            assert webex.post("/webhook", data=body, headers=headers).status_code == status
        assert bot.said(alice)[-1] == "You are in 1 spaces."

    def test_a_nightly_job_serves_all_and_asks_those_whose_login_has_ended(
        self, names: dict[str, Any], webex_sandbox: WebexSandbox, alice: Person
    ) -> None:
        bot, bob = names["bot"], webex_sandbox.add_person("Bob Brown")
        for person in (alice, bob):
            bot.log_in(person)
        webex_sandbox.revoke_person(alice)
        names["nightly"]()
        assert bot.login_card(alice)
        assert bot.said(bob)[-1] == "Good morning! You are in 1 spaces."

    def test_a_person_to_whom_nobody_can_write_does_not_end_the_nightly_job(
        self, names: dict[str, Any], webex_sandbox: WebexSandbox, alice: Person
    ) -> None:
        bot, bob = names["bot"], webex_sandbox.add_person("Bob Brown")
        people = sorted([alice, bob], key=lambda person: person.id)
        names["token_manager"].contexts.users = lambda: [person.id for person in people]
        bot.log_in(people[1])
        with webex_sandbox.faults.rest("/v1/messages", method="POST", status=404, times=1):
            names["nightly"]()
        assert bot.said(people[1])[-1] == "Good morning! You are in 1 spaces."


class TestLoginScopes:
    @staticmethod
    def asked(cloud: Sandbox) -> set[str]:
        card = [message for message in cloud.messages() if message.card][-1].card
        found = re.search(r"scope=([^&]*)", open_url(card or {}))
        assert found
        return set(found[1].replace("%3A", ":").split("+"))

    def test_a_login_asks_for_them_and_a_commands_scopes_come_on_top(
        self, make_manager: MakeManager, cloud: Sandbox, alice: Person
    ) -> None:
        manager = make_manager(login_scopes=["spark:people_read"])
        manager.request_login(user_id=alice.id)
        assert self.asked(cloud) == {"spark:people_read"}
        manager.request_login(user_id=alice.id, scopes=["spark:rooms_read"])
        assert self.asked(cloud) == {"spark:people_read", "spark:rooms_read"}
        log_in(cloud, manager, alice)  # at the address that the manager makes
        granted = manager.get_user_context(user_id=alice.id)
        assert granted
        assert granted.tokens.scope == "spark:people_read"

    def test_a_login_never_asks_for_less_than_was_granted(
        self, make_manager: MakeManager, cloud: Sandbox, alice: Person
    ) -> None:
        manager = make_manager(login_scopes="spark:people_read")
        granted = context(alice.id, scope="spark:people_read spark:messages_read")
        manager.set_user_context(user_id=alice.id, user_context=granted)
        manager.request_login(user_id=alice.id)
        assert self.asked(cloud) == {"spark:people_read", "spark:messages_read"}

    def test_the_login_command_and_a_bare_guard_ask_for_them(
        self, webex_sandbox: WebexSandbox, yaml_manager: Make, alice: Person
    ) -> None:
        make = functools.partial(yaml_manager, login_scopes=["spark:people_read"])
        bot = webex_sandbox.run(Whoami, manager=make, scopes=["spark:people_read", "spark:rooms_read"])
        for words in ("login", "whoami"):
            card = bot.login_card(alice, after=bot.hears(alice, words))
            assert self.asked(webex_sandbox) == {"spark:people_read"}
            bot.press_login(card, alice, deny=True)
