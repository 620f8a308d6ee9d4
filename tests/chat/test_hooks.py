"""What bot authors can hook into: signals, texts in each person's language, a card of their own."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import pytest
from blinker import NamedSignal
from support.contexts import expiring
from support.makers import Make, MakeManager
from support.whoami import Whoami
from support.wording import TEXTS, sentence_of
from webexpythonsdk import ApiError
from webexpythonsdk.models.cards import AdaptiveCard, TextBlock
from webexpythonsdk.models.cards.actions import OpenUrl

from webex_bot_auth import TokenManager, signals
from webex_bot_auth.chat.texts import PageText
from webex_bot_auth.errors import MessageNotSent, TokenServiceUnavailable
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.testing.redirects import came_back, log_in

GERMAN = dataclasses.replace(
    TEXTS,
    login_button="Mit Webex anmelden",
    logged_in="Du bist angemeldet als {name}.",
    page_done=PageText("Angemeldet", "Der Bot kann jetzt für dich handeln.", "Schließe dieses Fenster."),
)


@pytest.fixture
def heard(manager: TokenManager) -> Iterator[list[tuple[str, str]]]:
    """Names and users of the signals that the manager sends."""
    heard: list[tuple[str, str]] = []

    def note(name: str, sender: Any, *, user_id: str, **_: Any) -> None:
        heard.append((name, user_id))

    notes = [
        (signal, functools.partial(note, signal.name))
        for signal in vars(signals).values()
        if isinstance(signal, NamedSignal)
    ]
    for signal, noting in notes:
        signal.connect(noting, sender=manager)
    yield heard
    for signal, noting in notes:
        signal.disconnect(noting, sender=manager)


class TestSignals:
    def test_login_refresh_and_logout(
        self, manager: TokenManager, cloud: Sandbox, alice: Person, heard: list[Any]
    ) -> None:
        log_in(cloud, manager, alice)
        context = manager.get_user_context(user_id=alice.id)
        assert context
        manager.set_user_context(user_id=alice.id, user_context=expiring(context, -1))
        manager.get_user_context_and_refresh(user_id=alice.id)
        manager.logout(user_id=alice.id)
        assert heard == [(name, alice.id) for name in ("logged-in", "refreshed", "logged-out")]

    def test_refusals_and_failures(
        self, manager: TokenManager, cloud: Sandbox, alice: Person, heard: list[Any]
    ) -> None:
        flow_id = manager.start_flow(user_id=alice.id)
        manager.finish_login(flow_id=flow_id, error="access_denied")
        bob = cloud.add_person("Bob Brown")
        manager.process_redirect(**came_back(cloud, manager.asking.url(alice.id), bob))
        log_in(cloud, manager, alice)
        context = manager.get_user_context(user_id=alice.id)
        assert context
        manager.set_user_context(user_id=alice.id, user_context=expiring(context, -1))
        cloud.revoke_person(alice)
        assert manager.get_user_context_and_refresh(user_id=alice.id) is None
        names = ("login-refused", "login-failed", "logged-in", "refresh-refused")
        assert [one for one in heard if one[0] != "login-asked"] == [(name, alice.id) for name in names]

    def test_what_failed_and_is_not_the_end(
        self, manager: TokenManager, cloud: Sandbox, alice: Person, heard: list[Any]
    ) -> None:
        log_in(cloud, manager, alice)
        context = manager.get_user_context(user_id=alice.id)
        assert context
        manager.set_user_context(user_id=alice.id, user_context=expiring(context, -1))
        with cloud.faults.token(grant="refresh", status=503):
            for _ in range(2):  # the second one waits, and does not ask
                with pytest.raises(TokenServiceUnavailable):
                    manager.get_user_context_and_refresh(user_id=alice.id)
        with cloud.faults.rest("/v1/messages", method="POST", status=403), pytest.raises(MessageNotSent):
            manager.request_login(user_id=alice.id)
        assert manager.request_login(user_id=alice.id)
        names = ("logged-in", "refresh-failed", "login-card-not-sent", "login-asked")
        assert heard == [(name, alice.id) for name in names]

    def test_an_answer_that_was_not_posted(self, webex_sandbox: WebexSandbox, alice: Person) -> None:
        class Long(Whoami):
            def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
                return "x" * 12_000

        bot, heard = webex_sandbox.run(Long), list[tuple[str, type]]()
        bot.log_in(alice)

        def note(_: TokenManager, *, user_id: str, error: Exception) -> None:
            heard.append((user_id, type(error)))

        with signals.answer_not_posted.connected_to(note, sender=bot.manager):
            bot.answer_to(bot.hears(alice, "whoami"), TEXTS.command_failed.partition("{")[0])
        assert heard == [(alice.id, ApiError)]

    def test_a_handler_that_fails_changes_nothing(
        self, manager: TokenManager, cloud: Sandbox, alice: Person, heard: list[Any],
        caplog: pytest.LogCaptureFixture,
    ) -> None:  # fmt: skip
        def fails(sender: Any, **_: Any) -> None:
            raise ZeroDivisionError

        with signals.logged_in.connected_to(fails, sender=manager):
            assert log_in(cloud, manager, alice) == sentence_of(TEXTS.page_done)
        assert manager.get_user_context(user_id=alice.id)
        assert "handler of logged-in failed" in caplog.text
        assert ("logged-in", alice.id) in heard


def test_texts_are_chosen_for_each_person(make_manager: MakeManager, cloud: Sandbox, alice: Person) -> None:
    bob = cloud.add_person("Bob Brown")
    manager = make_manager(texts=lambda user_id: GERMAN if user_id == alice.id else TEXTS)
    assert log_in(cloud, manager, alice) == GERMAN.page_done.sentence
    assert log_in(cloud, manager, bob) == sentence_of(TEXTS.page_done)
    for words in ("Du bist angemeldet als Alice Adams.", TEXTS.logged_in.format(name="Bob Brown")):
        cloud.wait_for_message(where=lambda message, words=words: message.text == words)


def test_the_page_is_in_the_same_language_throughout(
    webex_sandbox: WebexSandbox, yaml_manager: Make, cloud: Sandbox, alice: Person
) -> None:
    make = functools.partial(yaml_manager, texts=lambda user_id: GERMAN if user_id == alice.id else TEXTS)
    world = webex_sandbox.run(Whoami, manager=make, name="Echo Bot")
    card = world.login_card(alice, after=cloud.say(alice, world.direct(alice), "login"))
    assert "Mit Webex anmelden" in str(card.card)
    page = world.press_login(card, alice).text
    for words in ("Angemeldet", "Der Bot kann jetzt für dich handeln.", "Schließe dieses Fenster."):
        assert words in page


def test_the_card_can_be_ones_own(
    webex_sandbox: WebexSandbox, yaml_manager: Make, cloud: Sandbox, alice: Person
) -> None:
    def my_card(*, title: str, url: str, **_: Any) -> Any:
        return AdaptiveCard(body=[TextBlock("ACME")], actions=[OpenUrl(url=url, title=title)]).to_dict()

    world = webex_sandbox.run(
        Whoami, manager=functools.partial(yaml_manager, make_login_card=my_card), name="Echo Bot"
    )
    card = world.login_card(alice, after=cloud.say(alice, world.direct(alice), "whoami"))
    assert "ACME" in str(card.card)
    assert world.press_login(card, alice).status_code == 200
