"""``login``, ``logout`` and ``whoami``, in the 1:1 space and in a group."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.makers import Make
from support.world import LOOK_IN_DIRECT, Whoami, World

from webex_bot_auth import WhoamiCommand
from webex_bot_auth.sandbox import Sandbox

RunWorld = Callable[..., World]


def test_login_and_logout(run_world: RunWorld, either_manager: Make, cloud: Sandbox) -> None:
    world = run_world(either_manager, Whoami)
    alice = cloud.add_person("Alice Adams")
    card = world.login_card(alice, after=cloud.say(alice, world.direct(alice), "login"))
    assert world.press_login(card, alice).status_code == 200
    assert world.answer(card).text == "You are logged in as Alice Adams."
    assert world.ask(alice, "whoami").text == "You are Alice Adams"
    logged_out = world.ask(alice, "logout").text
    assert logged_out.startswith("You are logged out: I have forgotten your tokens.")
    assert "https://idbroker.webex.com/idb/profile#/tokens" in logged_out  # Webex revokes for admins only
    assert world.manager.get_user_context(user_id=alice.id) is None
    assert world.ask(alice, "logout").text == "You are not logged in."


def test_where_webex_lets_us_a_logout_revokes(
    run_world: RunWorld, yaml_manager: Make, cloud: Sandbox
) -> None:
    world = run_world(
        yaml_manager, Whoami, scopes=["spark:people_read", "identity:tokens_read", "identity:tokens_write"]
    )
    admin = cloud.add_person("Ada Admin", admin=True)
    world.log_in(admin)
    context = world.manager.get_user_context(user_id=admin.id)
    assert context
    assert world.ask(admin, "logout").text.endswith("and Webex has revoked them.")
    assert world.manager.token_refresh(tokens=context.tokens) is False


def test_login_when_logged_in_says_until_when_and_offers_a_new_one(
    run_world: RunWorld, yaml_manager: Make, cloud: Sandbox
) -> None:
    world = run_world(yaml_manager, Whoami)
    alice = cloud.add_person("Alice Adams")
    world.log_in(alice)
    context = world.manager.get_user_context(user_id=alice.id)
    assert context
    assert context.tokens.refresh_token_expires_at
    card = world.login_card(alice, after=cloud.say(alice, world.direct(alice), "Login"))
    until = context.tokens.refresh_token_expires_at.date().isoformat()
    assert f"You are logged in as Alice Adams (this login is good until {until})." in str(card.card)
    assert world.press_login(card, alice).status_code == 200
    new = world.manager.get_user_context(user_id=alice.id)
    assert new
    assert new.tokens.access_token != context.tokens.access_token


def test_in_a_group_the_answers_are_private(run_world: RunWorld, yaml_manager: Make, cloud: Sandbox) -> None:
    world = run_world(yaml_manager, WhoamiCommand)
    alice, bob = cloud.add_person("Alice Adams"), cloud.add_person("Bob Brown")
    team = world.group(alice, bob)
    world.log_in(alice)
    for words, private in (
        ("whoami", "You are Alice Adams (alice.adams@example.com)"),
        ("login", "Please log in"),
        ("logout", "You are logged out"),
    ):
        asked = cloud.say(alice, team, words, to=world.echo)
        line = world.answer(asked)
        assert (line.text, line.parent) == (LOOK_IN_DIRECT, asked)
        cloud.wait_for_message(
            world.direct(alice),
            lambda message, private=private: message.text.startswith(private),
            after=asked,
        )
    assert set(world.said(team)) == {LOOK_IN_DIRECT}


def test_the_keywords_can_be_changed_or_left_out(
    run_world: RunWorld, yaml_manager: Make, cloud: Sandbox
) -> None:
    world = run_world(yaml_manager, Whoami, login_keyword="Anmelden", logout_keyword="abmelden")
    alice = cloud.add_person("Alice Adams")
    assert world.login_card(alice, after=cloud.say(alice, world.direct(alice), "anmelden"))
    assert world.ask(alice, "abmelden").text == "You are not logged in."
    assert world.ask(alice, "logout").text == "This bot requires a client which can render cards."  # help


def test_without_account_commands_there_are_none(run_world: RunWorld, yaml_manager: Make) -> None:
    world = run_world(yaml_manager, Whoami, account_commands=False)
    assert {command.command_keyword for command in world.bot.commands} == {"help", "whoami"}


@pytest.mark.holds(11)
def test_a_user_who_asks_again_and_again_gets_a_bounded_number_of_messages(
    run_world: RunWorld, either_manager: Make, cloud: Sandbox
) -> None:
    world = run_world(either_manager, Whoami)
    alice = cloud.add_person("Alice Adams")
    for _ in range(30):
        world.manager.request_login(user_id=alice.id)
    said = world.said(world.direct(alice))
    assert len(said) == 11
    assert "The newest one above works" in said[-1]
    assert world.press_login(cloud.messages(world.direct(alice))[-2], alice).status_code == 200
