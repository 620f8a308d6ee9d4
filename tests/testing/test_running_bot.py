"""What a test of a bot waits for: an answer is no login card, and a login card no answer."""

from __future__ import annotations

from functools import partial

import pytest
from support.whoami import Whoami
from support.wording import TEXTS

from webex_bot_auth.sandbox import NoSuchMessageError, Person
from webex_bot_auth.testing import RunningBot, WebexSandbox

HOW_TO_LOG_IN = r"Alice Adams got a login card.* bot\.log_in\(person\).* bot\.press_login\(bot\.login_card\("


@pytest.fixture
def bot(cloud: WebexSandbox) -> RunningBot:
    return cloud.run(Whoami)


def do_not_wait(cloud: WebexSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what has not come yet be missing at once."""
    monkeypatch.setattr(cloud, "wait_for_message", partial(cloud.wait_for_message, timeout=0.0))


def test_where_only_a_login_card_came_the_error_says_how_to_log_in(
    cloud: WebexSandbox, bot: RunningBot, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = bot.hears(alice, "whoami")
    card = bot.login_card(alice)
    do_not_wait(cloud, monkeypatch)
    for wanted in (None, card.text[:10], lambda message: message.card):
        with pytest.raises(NoSuchMessageError, match=HOW_TO_LOG_IN):
            bot.answer_to(asked, wanted)


def test_in_a_group_too(
    cloud: WebexSandbox, bot: RunningBot, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = bot.hears(alice, "whoami", room=bot.group(alice))
    bot.login_card(alice)
    assert bot.answer_to(asked).text == TEXTS.look_in_direct
    do_not_wait(cloud, monkeypatch)
    with pytest.raises(NoSuchMessageError, match=HOW_TO_LOG_IN):
        bot.answer_to(asked, "You are")


def test_the_answer_after_the_login_is_the_answer_and_other_cards_are(
    cloud: WebexSandbox, bot: RunningBot, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = bot.hears(alice, "whoami")
    bot.press_login(bot.login_card(alice), alice)
    assert bot.answer_to(asked, "You are Alice").text == "You are Alice Adams"
    assert bot.ask(alice, "help").card
    earlier = bot.ask(alice, "whoami")
    do_not_wait(cloud, monkeypatch)
    with pytest.raises(NoSuchMessageError) as caught:  # nobody has to log in
        bot.answer_to(earlier, "something else")
    assert "login card" not in str(caught.value)
