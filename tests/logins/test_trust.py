"""Who is not approved, whose token is stale, what a command may raise, which keys a request may touch."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
import redis
from flask import Flask, Response
from support.makers import Make, MakeManager
from support.redirect_page import check_headers
from support.waiting import wait_until
from support.whoami import Whoami
from support.wording import TEXTS, pattern
from webex_bot.webex_bot import WebexBot
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager, TokenManager
from webex_bot_auth.errors import StoreUnavailable
from webex_bot_auth.ground import redaction
from webex_bot_auth.ground.turn import Turn
from webex_bot_auth.logins.contexts import Contexts
from webex_bot_auth.logins.desks import TIDY
from webex_bot_auth.models import Outcome, RedirectText
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.stores.agenda import Agenda
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.testing.contract.resuming import released, waiting
from webex_bot_auth.testing.redirects import came_back, log_in

CARD = {
    "type": "AdaptiveCard",
    "version": "1.3",
    "actions": [{"type": "Action.Submit", "title": "Go", "data": {"callback_keyword": "callback_whoami"}}],
}
Form = functools.partial(Whoami, card_callback_keyword="callback_whoami")


@pytest.mark.holds(38)
def test_a_person_who_is_not_approved_gets_nothing_by_a_card_either(webex_sandbox: WebexSandbox) -> None:
    alice, eve = (webex_sandbox.add_person(name) for name in ("Alice Adams", "Eve Evil"))
    approved = functools.partial(WebexBot, approved_users=[alice.email])
    bot = webex_sandbox.run(Form, bot=approved)
    team = bot.group(alice, eve)
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": CARD}
    bot.webex_bot.teams.messages.create(roomId=team.id, text="Press", attachments=[attachment])
    card = webex_sandbox.messages(team)[-1]
    for keyword in ("callback_whoami", "login", "logout"):
        webex_sandbox.submit(eve, card, {"callback_keyword": keyword})
    bot.hears(eve, "whoami")
    webex_sandbox.submit(alice, card, {"callback_keyword": "callback_whoami"})
    assert bot.login_card(alice)  # what came before has been handled by now
    assert bot.said(eve) == []


@pytest.mark.holds(41)
def test_a_401_for_a_token_that_was_renewed_asks_for_no_login(
    webex_sandbox: WebexSandbox, either_manager: Make
) -> None:
    class Renewed(Whoami):
        def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
            webex_sandbox.revoke(self.user_context.tokens.access_token)
            log_in(webex_sandbox, self.token_manager, alice)
            return super().execute(message, attachment_actions, activity)

    bot, alice = webex_sandbox.run(Renewed, manager=either_manager), webex_sandbox.add_person("Alice Adams")
    bot.log_in(alice)
    asked = bot.hears(alice, "whoami")
    bot.answer_to(asked, "You are Alice Adams")
    wait_until(
        lambda: not any(one.card for one in webex_sandbox.messages(bot.direct(alice))), "no card is left"
    )


def circle() -> BaseException:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    return one


class Hostile(Exception):
    """Raises whatever is done with it."""

    @property
    def response(self) -> Any:
        raise RuntimeError("no response")

    @property
    def exceptions(self) -> Any:
        raise RuntimeError("no exceptions")

    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.holds(42)
@pytest.mark.parametrize("make", [circle, Hostile, SystemExit], ids=["circle", "hostile", "exit"])
def test_whatever_a_command_raises_its_author_gets_a_sentence(
    webex_sandbox: WebexSandbox, make: Callable[[], BaseException]
) -> None:
    class Failing(Whoami):
        def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
            raise make()

    bot, alice = webex_sandbox.run(Failing), webex_sandbox.add_person("Alice Adams")
    bot.log_in(alice)
    assert pattern(TEXTS.command_failed).fullmatch(bot.ask(alice, "whoami").text)


@pytest.mark.holds(16, 42)
def test_a_token_in_the_text_of_an_exception_is_not_logged(
    webex_sandbox: WebexSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    class Telling(Whoami):
        def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
            raise ValueError(f"bad token {self.user_context.tokens.access_token}")

    bot, alice = webex_sandbox.run(Telling), webex_sandbox.add_person("Alice Adams")
    bot.log_in(alice)
    bot.ask(alice, "whoami")
    stored = bot.manager.get_user_context(user_id=alice.id)
    assert stored
    assert "bad token ***" in caplog.text
    assert str(stored.tokens.access_token) not in caplog.text


@pytest.mark.holds(40)
def test_a_logout_ends_this_login_and_no_other_one(webex_sandbox: WebexSandbox) -> None:
    scopes = ["spark:people_read", "identity:tokens_read", "identity:tokens_write"]
    bots = [webex_sandbox.run(Whoami, scopes=scopes, name=name) for name in ("One Bot", "Other Bot")]
    admin = webex_sandbox.add_person("Ada Admin", admin=True)
    for bot in bots:
        bot.log_in(admin)
    assert bots[0].ask(admin, "logout").text == TEXTS.logged_out_revoked
    assert bots[1].ask(admin, "whoami").text == "You are Ada Admin"
    deleted = [call.path for call in webex_sandbox.calls if call.method == "DELETE"]
    ended = [path for path in deleted if path.startswith("/v1/authorizations")]
    assert [path.count("/") for path in ended] == [3]  # /v1/authorizations/{id}, not all of a client


@pytest.mark.holds(44)
@pytest.mark.parametrize(
    "state", ["", "x", "maintenance", "a" * 65, "of:another-application!", "a/b" * 8, "é" * 20]
)
def test_a_state_of_another_form_touches_no_storage(
    redis_url: str, client: redis.Redis, integration: Integration, state: str
) -> None:
    with RedisTokenManager("token", integration, redis_url=redis_url) as manager:
        manager.get_user_context(user_id="alice")  # connects
        before = client.info("stats")["total_commands_processed"]
        assert manager.finish_login(flow_id=state, code="code").outcome is Outcome.NO_SUCH_FLOW
        assert client.info("stats")["total_commands_processed"] == before + 1  # the look itself


@pytest.mark.holds(44)
def test_what_another_application_keeps_stays_as_it_is(
    redis_url: str, client: redis.Redis, integration: Integration
) -> None:
    name = "of-another-application"
    with RedisTokenManager("token", integration, redis_url=redis_url) as manager:
        for put in (lambda key: client.set(key, "text"), lambda key: client.hset(key, "a", "b")):
            client.delete(f"flows-{name}")
            put(f"flows-{name}")
            before = client.dump(f"flows-{name}")
            outcome = manager.finish_login(flow_id=name, code="code").outcome
            assert outcome in (Outcome.NO_SUCH_FLOW, Outcome.STORE_DOWN)  # the latter: another type
            assert client.dump(f"flows-{name}") == before


@pytest.mark.holds(54)
@pytest.mark.parametrize("first", [True, False])
def test_an_application_cannot_take_no_store_off_the_page(
    yaml_manager: Make, cloud: Sandbox, integration: Integration, first: bool
) -> None:
    def meddle(response: Response) -> Response:
        response.headers["Cache-Control"] = "public, max-age=3600"
        response.headers.pop("Content-Security-Policy", None)
        return response

    app = Flask("app")
    with yaml_manager(cloud.add_bot("Echo Bot").token, integration) as manager:
        if first:
            app.after_request(meddle)
        manager.register_redirect(flask=app)
        if not first:
            app.after_request(meddle)
        answer = app.test_client().get("/redirect?code=c&state=" + "s" * 22)
    check_headers(answer)


def test_a_malformed_log_call_does_not_raise_in_its_caller() -> None:
    redaction.install()
    record = logging.LogRecord("wxc_sdk.rest", logging.INFO, __file__, 1, "%d and %d", ("one",), None)
    assert logging.getLogger("wxc_sdk.rest").filter(record)


@pytest.mark.holds(46)
def test_a_logout_ends_all_that_is_pending_for_that_person(cloud: Sandbox, make_manager: MakeManager) -> None:
    manager = make_manager()
    alice, bob = cloud.add_person("Alice Adams"), cloud.add_person("Bob Brown")
    for person in (alice, bob):
        manager.asking.ask(person.id, command=waiting(person.id))
    urls = {person: manager.asking.url(person.id) for person in (alice, bob)}
    assert manager.logout(user_id=alice.id) is None  # not logged in yet, and wants nothing any more
    for person, outcome in ((alice, Outcome.NO_SUCH_FLOW), (bob, Outcome.DONE)):
        assert manager.finish_login(**came_back(cloud, urls[person], person)).outcome is outcome
    assert manager.get_user_context(user_id=alice.id) is None
    assert released(manager, bob.id) == ["echo"]
    assert released(manager, alice.id) == []


@contextlib.contextmanager
def logged_out_during_an_exchange(
    cloud: Sandbox, manager: TokenManager, alice: Person
) -> Iterator[Future[RedirectText]]:
    """Alice comes back from a login and logs out before it ends, which it does after the block."""
    answer = came_back(cloud, manager.asking.url(alice.id), alice)
    with ThreadPoolExecutor(1) as pool, cloud.faults.token(grant="exchange", hang=True) as hanging:
        ending = pool.submit(manager.finish_login, **answer)
        hanging.wait()
        manager.logout(user_id=alice.id)
        yield ending


@pytest.mark.holds(26, 46)
def test_a_logout_during_an_exchange_wins_and_a_later_login_counts(
    cloud: Sandbox, make_manager: MakeManager
) -> None:
    manager, alice = make_manager(), cloud.add_person("Alice Adams")
    with logged_out_during_an_exchange(cloud, manager, alice) as ending:
        pass
    assert ending.result().outcome is Outcome.NO_SUCH_FLOW
    assert manager.get_user_context(user_id=alice.id) is None
    log_in(cloud, manager, alice)
    assert manager.get_user_context(user_id=alice.id)


@pytest.mark.holds(46, 59)
def test_a_command_that_is_sent_right_after_a_logout_during_an_exchange_keeps_its_card_and_runs(
    cloud: WebexSandbox, either_manager: Make, alice: Person
) -> None:
    bot = cloud.run(Whoami, manager=either_manager)
    manager = bot.manager
    bot.login_card(alice, after=bot.hears(alice, "whoami old"))
    with logged_out_during_an_exchange(cloud, manager, alice) as ending:
        card = bot.login_card(alice, after=bot.hears(alice, "whoami new"))
    assert ending.result().outcome is Outcome.NO_SUCH_FLOW
    assert bot.press_login(card, alice).status_code == 200
    bot.answer_to(card, "You are Alice Adams new")
    assert "You are Alice Adams old" not in bot.said(alice)


@pytest.mark.holds(46)
def test_tokens_that_could_not_be_deleted_after_a_logout_are_deleted_when_the_store_answers(
    cloud: Sandbox, make_manager: MakeManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager, alice = make_manager(), cloud.add_person("Alice Adams")
    failures, replace = iter([StoreUnavailable("store", "does not answer")]), Contexts.replace

    def fail_once(contexts: Contexts, *given: Any) -> bool:
        for failure in failures:
            raise failure
        return replace(contexts, *given)

    monkeypatch.setattr("webex_bot_auth.logins.ending.END_SECONDS", 0.5)  # until somebody looks
    with logged_out_during_an_exchange(cloud, manager, alice) as ending:
        monkeypatch.setattr(Contexts, "replace", fail_once)
    assert ending.result().outcome is Outcome.STORE_DOWN
    with closing(Agenda(manager.desks.flows, {TIDY: manager.ending}, Turn())):
        wait_until(lambda: manager.get_user_context(user_id=alice.id) is None, "the tokens are deleted")


@pytest.mark.holds(46, 58)
def test_a_logout_ends_what_a_login_has_released_and_what_has_not_begun(
    cloud: Sandbox, make_manager: MakeManager
) -> None:
    manager, alice = make_manager(), cloud.add_person("Alice Adams")
    manager.asking.ask(alice.id, command=waiting(alice.id))
    log_in(cloud, manager, alice)
    assert released(manager, alice.id) == ["echo"]
    manager.logout(user_id=alice.id)
    log_in(cloud, manager, alice)
    assert released(manager, alice.id) == []
