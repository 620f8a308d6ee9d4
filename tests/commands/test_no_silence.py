"""Whatever happens to a message, its author gets an answer, a sentence, or an ERROR in the log names it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from support.waiting import wait_until
from support.wording import TEXTS
from webex_bot.exceptions import BotException
from webex_bot.models.command import Command
from webex_bot.models.response import Response

from webex_bot_auth import UserTokenMixin, requires_user_token
from webex_bot_auth.commands import handling
from webex_bot_auth.errors import LoginRequired
from webex_bot_auth.logins.desk import MAX_LOGIN_CARDS, MAX_NOTICES
from webex_bot_auth.sandbox import Message, Person
from webex_bot_auth.testing import RunningBot, WebexSandbox

APOLOGY = TEXTS.command_failed.partition("{")[0]


def response(**fields: Any) -> Response:
    made = Response()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def card_of_version(version: str) -> dict[str, Any]:
    card = {"type": "AdaptiveCard", "version": version, "body": []}
    return {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}


def in_pieces(last: Any) -> Iterator[Any]:
    yield "the first piece"
    yield last


#: answers that Webex or the SDK refuses
REFUSED: dict[str, Callable[[], Any]] = {
    "too long": lambda: "x" * 12_000,
    "two files": lambda: response(text="two", files=["/tmp/one", "/tmp/two"]),  # noqa: S108
    "no such file": lambda: response(text="one", files=["/no/such/file"]),
    "a card of no version": lambda: response(text="a card", attachments=card_of_version("1.9")),
    "nothing in it": Response,
    "in a list": lambda: ["the first piece", "x" * 12_000],
    "in a generator": lambda: in_pieces("x" * 12_000),
}


#: webex_bot asks for the id of a message, and then for the message
LOOK_UPS = ["/conversation/", "/v1/messages/"]


class Answer(UserTokenMixin, Command):  # type: ignore[misc]  # webex_bot has no types
    """Answers with what it is made with."""

    def __init__(self, answer: Callable[[], Any] = lambda: None, **options: Any) -> None:
        super().__init__(command_keyword="answer", help_message="Answer", **options)
        self.answer = answer

    @requires_user_token
    def execute(self, message: str, attachment_actions: Any, activity: Any) -> Any:
        return self.answer()


class Echo(Command):  # type: ignore[misc]
    """Has no guard."""

    def __init__(self, **_: Any) -> None:
        super().__init__(command_keyword="echo", help_message="Echo")

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        return f"echo {message.strip()}"


@pytest.mark.holds(55)
@pytest.mark.parametrize("answer", REFUSED.values(), ids=REFUSED.keys())
def test_an_answer_that_is_refused_ends_in_an_apology(
    cloud: WebexSandbox, alice: Person, caplog: pytest.LogCaptureFixture, answer: Callable[[], Any]
) -> None:
    bot = cloud.run(partial(Answer, answer))
    asked = bot.hears(alice, "answer")
    bot.press_login(bot.login_card(alice), alice)
    apology = bot.answer_to(asked, APOLOGY).text  # after "I now run ..."
    again = bot.hears(alice, "answer")
    assert APOLOGY in bot.answer_to(again, APOLOGY).text
    reference = apology.rpartition(" ")[2].strip(".")
    assert any(
        reference in record.getMessage() and record.levelno == logging.ERROR for record in caplog.records
    )


@pytest.mark.holds(56)
@pytest.mark.parametrize("path", LOOK_UPS)
@pytest.mark.parametrize("fault", [{"status": 502}, {"status": 429}, {"reset": True}])
def test_a_look_up_that_fails_in_passing_is_tried_again(
    cloud: WebexSandbox, alice: Person, fault: dict[str, Any], path: str
) -> None:
    bot = cloud.run(Echo)
    with cloud.faults.rest(path, method="GET", times=1, **fault):
        bot.answer_to(bot.hears(alice, "echo"), "echo")


@pytest.mark.holds(55, 56)
@pytest.mark.parametrize("path", LOOK_UPS)
def test_the_author_of_a_message_that_cannot_be_read_is_told(
    cloud: WebexSandbox, alice: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    path: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(handling, "LOOK_UP_SECONDS", 0.0)
    bot = cloud.run(Echo)
    with cloud.faults.rest(path, method="GET", status=502):
        asked = bot.hears(alice, "echo")
        bot.answer_to(asked, TEXTS.message_not_read)
    bot.answer_to(bot.hears(alice, "echo 2"), "echo 2")
    assert "could not be read" in caplog.text


@pytest.mark.holds(56)
def test_an_event_whose_author_cannot_be_told_is_handled_when_it_is_delivered_again(
    cloud: WebexSandbox, alice: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(handling, "LOOK_UP_SECONDS", 0.0)
    events: list[Any] = []
    receive = handling.Handling.receive

    def noted(self: handling.Handling, event: Any) -> None:
        events.append((self, event))
        receive(self, event)

    monkeypatch.setattr(handling.Handling, "receive", noted)
    bot = cloud.run(Echo)
    with cloud.faults.rest("/v1/messages", status=502):
        asked = bot.hears(alice, "echo")
        wait_until(lambda: "not sent" in caplog.text, "it could not be told")
    handled_by, event = next(
        one for one in events if one[1]["data"].get("activity", {}).get("verb") == "post"
    )
    handled_by.wait(30)  # until it is given back
    handled_by.receive(event)
    bot.answer_to(asked, "echo")


@pytest.mark.holds(57)
def test_one_persons_slow_commands_after_the_login_hold_up_nobody_else(
    cloud: WebexSandbox, alice: Person
) -> None:
    may_end = threading.Event()

    class Slow(Answer):
        def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
            if attachment_actions.personId == alice.id:
                assert may_end.wait(60)
            return "done"

    bot, bob = cloud.run(Slow, workers=4), cloud.add_person("Bob Brown")
    try:
        for number in range(4):
            card = bot.login_card(alice, after=bot.hears(alice, f"answer {number}"))
        bot.press_login(card, alice)
        asked = bot.hears(bob, "answer")
        bot.press_login(bot.login_card(bob), bob)
        bot.answer_to(asked, "done")
        assert "done" not in bot.said(alice)
    finally:
        may_end.set()


@pytest.mark.holds(60)
def test_a_scope_that_webex_does_not_grant_is_one_login_one_sentence_and_one_warning(
    cloud: WebexSandbox, alice: Person, caplog: pytest.LogCaptureFixture
) -> None:
    scope = "spark:rooms_read"

    @requires_user_token(scopes=[scope])
    class Rooms(Echo):
        pass

    bot = cloud.run(Rooms, scopes=["spark:people_read", scope])
    asked = bot.hears(alice, "echo")
    card = bot.login_card(alice)
    cloud.oauth.withholds = (scope,)
    bot.press_login(card, alice)
    sentence = TEXTS.scopes_not_granted.format(scopes=scope)
    bot.answer_to(asked, sentence)
    assert sentence in bot.ask(alice, "echo").text
    warnings = [one for one in caplog.records if one.levelno == logging.WARNING and scope in one.getMessage()]
    assert len(warnings) == 1
    assert sum(bool(message.card) for message in cloud.messages(bot.direct(alice))) == 0  # no other one


@pytest.mark.holds(61)
def test_cards_that_were_not_delivered_are_not_counted(cloud: WebexSandbox, alice: Person) -> None:
    bot = cloud.run(Answer)
    with cloud.faults.rest("/v1/messages", method="POST", status=502) as fault:
        for number in range(MAX_LOGIN_CARDS + 2):
            bot.hears(alice, f"answer {number}")
        wait_until(lambda: fault.seen >= MAX_LOGIN_CARDS + 2, "no card was sent")
    last = bot.hears(alice, "login")
    assert bot.login_card(alice, after=last)


@pytest.mark.holds(62)
def test_a_flood_gets_a_bounded_number_of_messages_and_login_still_gets_an_answer(
    cloud: WebexSandbox, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webex_bot_auth.logins.desk.POINT_SECONDS", 0.0)  # else login is told each 5 s
    bot = cloud.run(Answer)
    for number in range(60):
        bot.hears(alice, f"answer {number}")
    asked = bot.hears(alice, "login")
    bot.answer_to(asked, TEXTS.login_asked_often.partition(".")[0])
    # The messages are worked on in several threads: the last notice may come after this answer.
    wait_until(
        lambda: any(TEXTS.no_more_about_dropped in text for text in bot.said(alice)), "the last notice"
    )
    said = [text for text in bot.said(alice) if "dropped" in text or "drop further" in text]
    assert 0 < len(said) <= MAX_NOTICES
    assert [TEXTS.no_more_about_dropped in text for text in said].count(True) == 1
    assert len(bot.said(alice)) <= MAX_LOGIN_CARDS + MAX_NOTICES + 3


class Private(Command):  # type: ignore[misc]
    def __init__(self, **_: Any) -> None:
        super().__init__(command_keyword="private", help_message="Private")

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        raise BotException("debug", "for you alone", reply_one_to_one=True)


@pytest.mark.holds(55)
def test_what_is_to_be_private_in_a_group_arrives(cloud: WebexSandbox, alice: Person) -> None:
    bot = cloud.run(Private)
    group = bot.group(alice)
    asked = bot.hears(alice, "private", room=group)
    bot.answer_to(asked, "I've messaged you 1-1")
    assert bot.said(alice) == ["for you alone"]


@pytest.mark.holds(55)
def test_a_card_that_cannot_be_sent_in_the_1_1_space_is_said_there(
    cloud: WebexSandbox, alice: Person
) -> None:
    bot = cloud.run(Answer)
    with cloud.faults.rest("/v1/messages", method="POST", status=502, times=1):
        assert bot.ask(alice, "answer").text == TEXTS.cannot_write_now


class Needs(Command):  # type: ignore[misc]
    """Finds out that it needs a login, or a scope, when it runs; with or without a guard."""

    def __init__(self, token_manager: Any, of: Callable[[Message | Any], str], scopes: list[str]) -> None:
        super().__init__(command_keyword="needs", help_message="Needs")
        self.manager, self.of, self.scopes = token_manager, of, scopes
        self.ran = 0

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        self.ran += 1
        user_id, reason = self.of(attachment_actions), "to list your spaces"
        with self.manager.api(user_id=user_id, scopes=self.scopes, reason=reason) as api:
            return f"You are {api.people.me().display_name}"


def asks_author(action: Any) -> str:
    return str(action.personId)


class TestLoginRequired:
    @pytest.fixture(params=["guarded", "without a guard"])
    def run(self, request: pytest.FixtureRequest, cloud: WebexSandbox) -> Callable[..., RunningBot]:
        def run(of: Callable[[Any], str] = asks_author) -> RunningBot:
            cls = Needs
            if request.param == "guarded":
                cls = type("GuardedNeeds", (Needs,), {"execute": requires_user_token(Needs.execute)})
            scopes = ["spark:people_read", "spark:rooms_read"]
            return cloud.run(
                lambda token_manager: cls(token_manager=token_manager, of=of, scopes=scopes[1:]),
                scopes=scopes,
                login_scopes=scopes[:1],
            )

        return run

    @pytest.mark.holds(55)
    def test_its_author_gets_a_card_and_the_command_runs_again(
        self, run: Callable[..., RunningBot], cloud: WebexSandbox, alice: Person
    ) -> None:
        bot = run()
        bot.log_in(alice)
        asked = bot.hears(alice, "needs")
        card = bot.login_card(alice, after=asked)
        assert "to list your spaces" in card.text
        bot.press_login(card, alice)
        bot.answer_to(asked, "You are Alice Adams")

    @pytest.mark.holds(55)
    def test_for_somebody_elses_login_its_author_gets_a_sentence(
        self, run: Callable[..., RunningBot], cloud: WebexSandbox, alice: Person
    ) -> None:
        bob = cloud.add_person("Bob Brown")
        bot = run(of=lambda _: bob.id)
        bot.log_in(alice)
        assert bot.ask(alice, "needs").text == TEXTS.login_of_another
        assert bot.said(bob) == []

    @pytest.mark.holds(60)
    def test_who_needs_it_again_right_after_the_login_gets_a_sentence(
        self, run: Callable[..., RunningBot], cloud: WebexSandbox, alice: Person, monkeypatch: Any
    ) -> None:
        bot = run()
        bot.log_in(alice)

        def always(*, user_id: str, **_: Any) -> Any:
            raise LoginRequired(user_id, ["spark:rooms_read"])

        monkeypatch.setattr(bot.manager, "api", always)
        asked = bot.hears(alice, "needs")
        bot.press_login(bot.login_card(alice, after=asked), alice)
        bot.answer_to(asked, TEXTS.scopes_not_granted.format(scopes="spark:rooms_read"))


def test_a_store_that_raises_anything_is_no_silence(cloud: WebexSandbox, alice: Person) -> None:
    bot = cloud.run(Answer)

    def fails(**_: Any) -> Any:
        raise RuntimeError("an error of somebody's own store")

    bot.manager.get_user_context_and_refresh = fails  # type: ignore[method-assign]
    bot.manager.logout = fails  # type: ignore[method-assign]
    for said in ("answer", "login", "logout"):
        assert APOLOGY in bot.ask(alice, said).text
