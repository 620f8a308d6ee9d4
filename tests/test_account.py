"""``login``, ``logout`` and ``whoami``, in the 1:1 space and in a group."""

from __future__ import annotations

import pytest
from support.makers import Make
from support.whoami import LOOK_IN_DIRECT, Whoami

from webex_bot_auth import WhoamiCommand
from webex_bot_auth.testing import WebexSandbox


def test_login_and_logout(webex_sandbox: WebexSandbox, either_manager: Make) -> None:
    bot = webex_sandbox.run(Whoami, manager=either_manager)
    alice = webex_sandbox.add_person("Alice Adams")
    card = bot.login_card(alice, after=bot.hears(alice, "login"))
    assert bot.press_login(card, alice).status_code == 200
    assert bot.answer_to(card).text == "You are logged in as Alice Adams."
    assert bot.ask(alice, "whoami").text == "You are Alice Adams"
    logged_out = bot.ask(alice, "logout").text
    assert logged_out.startswith("You are logged out: I have forgotten your tokens.")
    assert "https://idbroker.webex.com/idb/profile#/tokens" in logged_out  # Webex revokes for admins only
    assert bot.manager.get_user_context(user_id=alice.id) is None
    assert bot.ask(alice, "logout").text == "You are not logged in."


def test_where_webex_lets_us_a_logout_revokes(webex_sandbox: WebexSandbox) -> None:
    bot = webex_sandbox.run(
        Whoami, scopes=["spark:people_read", "identity:tokens_read", "identity:tokens_write"]
    )
    admin = webex_sandbox.add_person("Ada Admin", admin=True)
    bot.log_in(admin)
    context = bot.manager.get_user_context(user_id=admin.id)
    assert context
    assert bot.ask(admin, "logout").text.endswith("and Webex has revoked them.")
    assert bot.manager.token_refresh(tokens=context.tokens) is False


def test_login_when_logged_in_says_until_when_and_offers_a_new_one(webex_sandbox: WebexSandbox) -> None:
    bot = webex_sandbox.run(Whoami)
    alice = webex_sandbox.add_person("Alice Adams")
    bot.log_in(alice)
    context = bot.manager.get_user_context(user_id=alice.id)
    assert context
    assert context.tokens.refresh_token_expires_at
    card = bot.login_card(alice, after=bot.hears(alice, "Login"))
    until = context.tokens.refresh_token_expires_at.date().isoformat()
    assert f"You are logged in as Alice Adams (this login is good until {until})." in str(card.card)
    assert bot.press_login(card, alice).status_code == 200
    new = bot.manager.get_user_context(user_id=alice.id)
    assert new
    assert new.tokens.access_token != context.tokens.access_token


def test_in_a_group_the_answers_are_private(webex_sandbox: WebexSandbox) -> None:
    bot = webex_sandbox.run(WhoamiCommand)
    alice, bob = webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_person("Bob Brown")
    team = bot.group(alice, bob)
    bot.log_in(alice)
    for words, private in (
        ("whoami", "You are Alice Adams (alice.adams@example.com)"),
        ("login", "Please log in"),
        ("logout", "You are logged out"),
    ):
        asked = bot.hears(alice, words, room=team)
        line = bot.answer_to(asked)
        assert (line.text, line.parent) == (LOOK_IN_DIRECT, asked)
        webex_sandbox.wait_for_message(
            bot.direct(alice),
            lambda message, private=private: message.text.startswith(private),
            after=asked,
        )
    assert set(bot.said(team)) == {LOOK_IN_DIRECT}


def test_the_keywords_can_be_changed_or_left_out(webex_sandbox: WebexSandbox) -> None:
    bot = webex_sandbox.run(Whoami, login_keyword="Anmelden", logout_keyword="abmelden")
    alice = webex_sandbox.add_person("Alice Adams")
    assert bot.login_card(alice, after=bot.hears(alice, "anmelden"))
    assert bot.ask(alice, "abmelden").text == "You are not logged in."
    assert bot.ask(alice, "logout").text == "This bot requires a client which can render cards."  # help


def test_without_account_commands_there_are_none(webex_sandbox: WebexSandbox) -> None:
    bot = webex_sandbox.run(Whoami, account_commands=False)
    assert {command.command_keyword for command in bot.webex_bot.commands} == {"help", "whoami"}


@pytest.mark.holds(11)
def test_a_user_who_asks_again_and_again_gets_a_bounded_number_of_messages(
    webex_sandbox: WebexSandbox, either_manager: Make
) -> None:
    bot = webex_sandbox.run(Whoami, manager=either_manager)
    alice = webex_sandbox.add_person("Alice Adams")
    for _ in range(30):
        bot.manager.request_login(user_id=alice.id)
    said = bot.said(alice)
    assert len(said) == 11
    assert "The newest one above works" in said[-1]
    assert bot.press_login(webex_sandbox.messages(bot.direct(alice))[-2], alice).status_code == 200
