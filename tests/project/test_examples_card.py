"""examples/card_bot.py: a card whose submit acts for a person, with a scope that is asked for only then."""

from __future__ import annotations

import pytest
from card_bot import SCOPES, CreateSpace, NewSpace

from webex_bot_auth import WhoamiCommand
from webex_bot_auth.sandbox import Message, Person
from webex_bot_auth.testing import RunningBot, WebexSandbox


@pytest.fixture
def bot(webex_sandbox: WebexSandbox) -> RunningBot:
    login_scopes = ["spark:people_read"]
    return webex_sandbox.run(NewSpace(), CreateSpace, WhoamiCommand, scopes=SCOPES, login_scopes=login_scopes)


def granted(bot: RunningBot, person: Person) -> set[str]:
    context = bot.manager.get_user_context(user_id=person.id)
    assert context
    return set((context.tokens.scope or "").split())


def has_card(message: Message) -> bool:
    return message.card is not None


def test_the_scope_is_asked_for_at_the_submit_and_not_before(
    bot: RunningBot, webex_sandbox: WebexSandbox, alice: Person
) -> None:
    bot.hears(alice, "whoami")
    bot.press_login(bot.login_card(alice), alice)
    assert granted(bot, alice) == {"spark:people_read"}
    form = bot.answer_to(bot.hears(alice, "new space"), has_card)
    webex_sandbox.submit(alice, form, {"title": "Roadmap"})
    card = bot.login_card(alice, after=form)
    assert "needs your permission to create spaces" in str(card.card)
    bot.press_login(card, alice)
    assert bot.answer_to(card, "Done: “Roadmap” is yours.")
    assert granted(bot, alice) == {"spark:people_read", "spark:rooms_write"}


def test_the_space_is_of_the_person_who_presses_the_button(
    bot: RunningBot, webex_sandbox: WebexSandbox, alice: Person
) -> None:
    bob = webex_sandbox.add_person("Bob Brown")
    team = bot.group(alice, bob)
    form = bot.answer_to(bot.hears(alice, "new space", room=team), has_card)
    webex_sandbox.submit(bob, form, {"title": "Bob's"})
    bot.press_login(bot.login_card(bob), bob)
    bot.answer_to(form, "Done: “Bob's” is yours.")
    (created,) = [call for call in webex_sandbox.calls if (call.method, call.path) == ("POST", "/v1/rooms")]
    assert created.person is bob


def test_a_title_is_needed(bot: RunningBot, webex_sandbox: WebexSandbox, alice: Person) -> None:
    bot.log_in(alice, scopes=["spark:rooms_write"])
    form = bot.answer_to(bot.hears(alice, "new space"), has_card)
    webex_sandbox.submit(alice, form, {"title": " "})
    assert bot.answer_to(form, "Please enter a title")
