"""Commands that wait for a login: up to five of a person, which run in their order, each once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from support.makers import Make
from support.whoami import Whoami
from support.wording import TEXTS
from webex_bot.webex_bot import WebexBot
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.sandbox import Message, Person
from webex_bot_auth.testing import RunningBot, WebexSandbox
from webex_bot_auth.testing.redirects import came_back


class Alone(Whoami):
    """Fails where another command of the same person runs at the same time."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.busy = threading.Lock()

    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        assert self.busy.acquire(blocking=False), "two at a time"
        try:
            return super().execute(message, attachment_actions, activity)
        finally:
            self.busy.release()


def ask_each(bot: RunningBot, person: Person, *words: str) -> Message:
    """Send the messages one after the other; the last one's login card."""
    for word in words:
        card = bot.login_card(person, after=bot.hears(person, f"whoami {word}"))
    return card


def answers(bot: RunningBot, person: Person) -> list[str]:
    return [text for text in bot.said(person) if text.startswith("You are Alice Adams ")]


def test_of_six_commands_five_run_in_their_order_and_the_person_is_told_of_the_sixth(
    cloud: WebexSandbox, either_manager: Make, alice: Person
) -> None:
    bot = cloud.run(Alone, manager=either_manager)
    card = ask_each(bot, alice, "1", "2", "3", "4", "5", "6")
    assert bot.said(alice).count(TEXTS.command_dropped.format(command="whoami")) == 1
    bot.press_login(card, alice)
    bot.answer_to(card, "You are Alice Adams 6")
    assert answers(bot, alice) == [f"You are Alice Adams {number}" for number in (2, 3, 4, 5, 6)]
    shown = "”, “".join(["whoami"] * 5)
    assert TEXTS.command_runs.format(name="Alice Adams", command=shown) in bot.said(alice)


@pytest.mark.parametrize("restart", ["before the login", "after the login"])
def test_over_a_restart_each_runs_once_on_one_of_two_machines_in_their_order(
    cloud: WebexSandbox, redis_manager: Make, integration: Integration, alice: Person, restart: str
) -> None:
    echo = cloud.add_bot("Echo Bot")

    def start(manager: RedisTokenManager) -> tuple[RunningBot, Alone]:
        bot, command = WebexBot(teams_bot_token=echo.token), Alone(token_manager=manager)
        bot.add_command(command)
        manager.register_bot(bot=bot)
        return cloud.start_bot(bot, manager), command

    with redis_manager(echo.token, integration) as web:
        with redis_manager(echo.token, integration) as first:
            bot, before = start(first)
            card = ask_each(bot, alice, "1", "2", "3")
            answer = came_back(cloud, web.login.url(alice.id), alice)
            if restart == "after the login":
                first.close()  # nothing is resumed here any more
                web.process_redirect(**answer)
                bot.answer_to(card, "I now run")
        with redis_manager(echo.token, integration) as one, redis_manager(echo.token, integration) as other:
            (bot, here), (_, there) = start(one), start(other)
            if restart == "before the login":
                web.process_redirect(**answer)
            bot.answer_to(card, "You are Alice Adams 3")
            assert answers(bot, alice) == [f"You are Alice Adams {number}" for number in (1, 2, 3)]
        assert before.runs == []
        assert sorted([len(here.runs), len(there.runs)]) == [0, 3]
