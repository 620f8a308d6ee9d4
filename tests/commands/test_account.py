"""``login``, ``logout`` and ``whoami``, in the 1:1 space and in a group."""

from __future__ import annotations

from functools import partial

import pytest
import requests
from support.makers import Make
from support.waiting import wait_until
from support.whoami import Whoami
from support.wording import MINUTES, TEXTS

from webex_bot_auth import WhoamiCommand
from webex_bot_auth.sandbox import Person
from webex_bot_auth.testing import WebexSandbox


def test_login_and_logout(webex_sandbox: WebexSandbox, either_manager: Make) -> None:
    bot = webex_sandbox.run(Whoami, manager=either_manager)
    alice = webex_sandbox.add_person("Alice Adams")
    card = bot.login_card(alice, after=bot.hears(alice, "login"))
    assert bot.press_login(card, alice).status_code == 200
    assert bot.answer_to(card).text == TEXTS.logged_in.format(name="Alice Adams")
    assert bot.ask(alice, "whoami").text == "You are Alice Adams"
    logged_out = bot.ask(alice, "logout").text  # Webex revokes for administrators only
    assert logged_out == f"{TEXTS.logged_out} {TEXTS.revoke_yourself}"
    assert bot.manager.get_user_context(user_id=alice.id) is None
    assert bot.ask(alice, "logout").text == TEXTS.not_logged_in.format(login="login")


def test_where_webex_permits_it_a_logout_revokes_the_tokens(webex_sandbox: WebexSandbox) -> None:
    bot = webex_sandbox.run(
        Whoami, scopes=["spark:people_read", "identity:tokens_read", "identity:tokens_write"]
    )
    admin = webex_sandbox.add_person("Ada Admin", admin=True)
    bot.log_in(admin)
    context = bot.manager.get_user_context(user_id=admin.id)
    assert context
    assert bot.ask(admin, "logout").text == TEXTS.logged_out_revoked
    assert bot.manager.token_refresh(tokens=context.tokens) is False


def test_login_when_logged_in_says_until_when_and_offers_a_new_one(webex_sandbox: WebexSandbox) -> None:
    bot = webex_sandbox.run(Whoami)
    alice = webex_sandbox.add_person("Alice Adams")
    bot.log_in(alice)
    context = bot.manager.get_user_context(user_id=alice.id)
    assert context
    assert context.tokens.refresh_token_expires_at
    card = bot.login_card(alice, after=bot.hears(alice, "Login"))
    until = TEXTS.until.format(date=context.tokens.refresh_token_expires_at.date().isoformat())
    assert TEXTS.already_logged_in.format(name="Alice Adams", until=until) in str(card.card)
    assert bot.press_login(card, alice).status_code == 200
    new = bot.manager.get_user_context(user_id=alice.id)
    assert new
    assert new.tokens.access_token != context.tokens.access_token


def test_in_a_group_the_answers_are_private(webex_sandbox: WebexSandbox) -> None:
    bot = webex_sandbox.run(WhoamiCommand)
    alice, bob = webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_person("Bob Brown")
    team = bot.group(alice, bob)
    bot.log_in(alice)
    email = "alice.adams@example.com"
    whoami = TEXTS.whoami.partition("{until}")[0].format(name="Alice Adams", email=email)
    for words, private in (
        ("whoami", whoami),
        ("login", TEXTS.already_logged_in.partition("{until}")[0].format(name="Alice Adams")),
        ("logout", TEXTS.logged_out),
    ):
        asked = bot.hears(alice, words, room=team)
        line = bot.answer_to(asked)
        assert (line.text, line.parent) == (TEXTS.look_in_direct, asked)
        webex_sandbox.wait_for_message(
            bot.direct(alice),
            lambda message, private=private: message.text.startswith(private),
            after=asked,
        )
    assert set(bot.said(team)) == {TEXTS.look_in_direct}


def test_in_a_group_however_the_bot_is_mentioned(cloud: WebexSandbox, alice: Person) -> None:
    bot = cloud.run(Whoami)
    team, mention = bot.group(alice), f'<spark-mention data-object-id="{bot.person.id}">'
    for said in (
        *("[Test Bot] login", "[Test] login", "[test bot]  LOGIN", "[Test Bot]: login", "[Test Bot], login"),
        *(
            "[Old Name] login",
            "login [Test Bot]",
            "[Test Bot]&nbsp;login!",
            "<p>[Test Bot]</p><p>“login”</p>",
        ),
        *("[<b>Test</b> Bot] Login.", "[Test] logout", "[Old Name]: Logout", "LOGOUT! [test bot]"),
    ):
        html = said.replace("[", mention).replace("]", "</spark-mention>")
        body, headers = {"roomId": team.id, "html": html}, {"Authorization": f"Bearer {alice.token}"}
        requests.post(f"{cloud.url}/v1/messages", json=body, headers=headers, timeout=30).raise_for_status()
        answer = bot.answer_to(cloud.messages(team)[-1])
        assert (said, answer.text) == (said, TEXTS.look_in_direct)


def test_in_a_1_to_1_whatever_is_around_the_keyword(cloud: WebexSandbox, alice: Person) -> None:
    bot = cloud.run(Whoami)
    for around in (
        "{} ",
        " {}",
        "{}!",
        "{}.",
        "{} !",
        "{}\n",
        ": {}",
        "“{}”",
        "`{}`",
        "{}\u00a0",
        "@Test Bot {}",
    ):
        told = bot.ask(alice, around.format("Logout")).text
        assert (around, told) == (around, TEXTS.not_logged_in.format(login="login"))
    assert bot.login_card(alice, after=bot.hears(alice, "login!"))


def test_the_keywords_can_be_changed_or_left_out(webex_sandbox: WebexSandbox) -> None:
    bot = webex_sandbox.run(Whoami, login_keyword="Anmelden", logout_keyword="abmelden")
    alice = webex_sandbox.add_person("Alice Adams")
    assert bot.login_card(alice, after=bot.hears(alice, "anmelden"))
    assert bot.ask(alice, "abmelden").text == TEXTS.not_logged_in.format(login="Anmelden")
    assert bot.ask(alice, "logout").text == "This bot requires a client which can render cards."  # help


def test_the_help_card_has_the_bots_own_commands_first(cloud: WebexSandbox, alice: Person) -> None:
    titles = ["A", "B", "Call", "My rooms", "Zoo"]
    own = [partial(Whoami, command_keyword=title.lower(), help_message=title) for title in titles]
    bot = cloud.run(*own, logout_keyword="bye")
    card = bot.ask(alice, "help").card
    assert card
    assert [button["title"] for button in card["actions"]] == [*titles, TEXTS.help_login, TEXTS.help_logout]


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
    assert len(webex_sandbox.calls.to("/v1/messages", method="POST")) == 11
    wait_until(lambda: len(bot.said(alice)) == 2, "the card that is called the one to use is the only one")
    card, told = webex_sandbox.messages(bot.direct(alice))
    assert told.text == TEXTS.login_asked_often.format(minutes=MINUTES)
    assert bot.press_login(card, alice).status_code == 200
