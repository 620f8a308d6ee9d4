"""What the sandbox's page knows of bots that run in its process, guarded commands included."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import requests
from support.waiting import wait_until
from webex_bot.models.command import Command
from webex_bot.models.response import response_from_adaptive_card
from webex_bot.webex_bot import WebexBot
from webexpythonsdk.models.cards import AdaptiveCard, TextBlock
from webexpythonsdk.models.cards.actions import Submit

from webex_bot_auth import UserTokenMixin, requires_user_token
from webex_bot_auth.sandbox import Message, NoSuchMessageError, Sandbox
from webex_bot_auth.sandbox.bot_reports.remote import RemoteReports
from webex_bot_auth.sandbox.clients import clients_at
from webex_bot_auth.testing import WebexSandbox


class Prices(UserTokenMixin, Command):
    """Fails for everybody who is logged in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="prices", help_message="What things cost", **kwargs)

    @requires_user_token
    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        raise KeyError(f"apple, {self.user_context.tokens.access_token}")


def ask(cloud: Sandbox, path: str, **query: str) -> Any:
    """Return what the page is told."""
    return requests.get(f"{cloud.url}{path}", query, timeout=10).json()


def handling(cloud: Sandbox, asked: Message) -> dict[str, Any]:
    """Return what the bot did with a message, once it has finished."""

    def found() -> dict[str, Any]:
        state = ask(cloud, "/chat/state", person=asked.person.id, room=asked.room.id)
        (shown,) = [one for one in state["messages"] if one["id"] == asked.id]
        (done,) = shown["handling"] or [{"state": "working"}]
        return dict(done)

    wait_until(lambda: found()["state"] != "working", "the bot has handled the message")
    return found()


def test_a_guarded_command_that_fails_is_reported_without_its_authors_token(cloud: WebexSandbox) -> None:
    alice = cloud.add_person("Alice Adams")
    bot = cloud.run(Prices)
    bot.log_in(alice)
    asked = bot.hears(alice, "prices")
    answer = bot.answer_to(asked)
    assert handling(cloud, asked)["state"] == "failed"
    (error,) = ask(cloud, "/workbench/errors")["errors"]
    assert (error["bot"], error["text"]) == ("Test Bot", "prices")
    assert error["title"].startswith("KeyError: 'apple, ")
    assert "raise KeyError" in error["report"]
    assert not any(secret in str(error) for secret in cloud.secrets())
    assert "KeyError" not in answer.text


def test_a_command_that_waits_for_a_login_has_not_failed(cloud: WebexSandbox) -> None:
    alice = cloud.add_person("Alice Adams")
    bot = cloud.run(Prices)
    asked = bot.hears(alice, "prices")
    assert handling(cloud, asked)["state"] == "answered"  # with a login card
    assert ask(cloud, "/workbench/errors")["errors"] == []


def test_the_page_says_what_to_type(cloud: WebexSandbox) -> None:
    alice = cloud.add_person("Alice Adams")
    bot = cloud.run(Prices)
    room = cloud.direct(alice, bot.person)
    people = ask(cloud, "/chat/state", person=alice.id, room=room.id)["people"]
    (commands,) = [one["commands"] for one in people if one["isBot"]]
    assert {"keyword": "prices", "help": "What things cost"} in commands
    assert {"help", "login", "logout", "prices"} == {one["keyword"] for one in commands}


class Fails(Command):
    """Fails for everybody."""

    def __init__(self) -> None:
        super().__init__(command_keyword="boom")

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        raise LookupError("no such fruit")


class Silent(Command):
    """Answers nobody."""

    def __init__(self) -> None:
        super().__init__(command_keyword="hush")

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> None:
        return None


class AsksWithCard(Command):
    """Answers with a card to press."""

    def __init__(self) -> None:
        super().__init__(command_keyword="form")

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> Any:
        action = Submit(title="Send", data={"callback_keyword": "form_filled"})
        return response_from_adaptive_card(AdaptiveCard(body=[TextBlock("Sure?")], actions=[action]))


class FailsOnCard(Command):
    """Deletes the card, as webex_bot does on demand, and fails."""

    def __init__(self) -> None:
        super().__init__(card_callback_keyword="form_filled", delete_previous_message=True)

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        raise LookupError("no such fruit")


def test_an_error_after_a_card_was_deleted_stands_at_the_message_of_the_thread(cloud: WebexSandbox) -> None:
    alice, echo = cloud.add_person("Alice Adams"), cloud.add_bot("Echo Bot")
    bot = WebexBot(teams_bot_token=echo.token)
    for command in (AsksWithCard(), FailsOnCard()):
        bot.add_command(command)
    with cloud.run_bot(bot):
        asked = cloud.say(alice, cloud.direct(alice, echo), "form")
        shown = cloud.wait_for_message(asked.room, person=echo)
        assert shown.parent == asked
        cloud.submit(alice, shown)
        wait_until(lambda: ask(cloud, "/workbench/errors")["errors"], "the command has failed")
        state = ask(cloud, "/chat/state", person=alice.id, room=asked.room.id)
    (left,) = state["messages"]
    assert [one["title"] for one in left["handling"]] == ["", "LookupError: no such fruit"]


def test_who_is_not_approved_finds_out_why_there_is_no_answer(cloud: WebexSandbox) -> None:
    alice = cloud.add_person("Alice Adams")
    bot = cloud.run(Prices, bot=partial(WebexBot, approved_users=["bob@example.com"]))
    done = handling(cloud, bot.hears(alice, "prices"))
    assert done["state"] == "silent"
    assert "alice.adams@example.com is not approved" in done["report"]


def test_who_waits_in_vain_for_an_answer_reads_what_the_bot_did(cloud: WebexSandbox) -> None:
    bot = cloud.run(Silent())
    asked = bot.hears(cloud.add_person("Alice Adams"), "hush")
    handling(cloud, asked)
    what = f"nothing\n{bot.person.display_name} has handled it, without an answer and without an error"
    with pytest.raises(NoSuchMessageError, match=what):
        cloud.wait_for_message(asked.room, person=bot.person, after=asked, timeout=0.01)


def test_a_bot_that_was_pointed_at_the_sandbox_reports_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """As from another process: ``clients_at`` knows no more of the sandbox than its address."""
    monkeypatch.setattr("webex_bot_auth.sandbox.bot_reports.remote.TIMEOUT", 30)
    with Sandbox() as cloud, clients_at(cloud.url):
        alice, echo = cloud.add_person("Alice Adams"), cloud.add_bot("Echo Bot")
        bot = WebexBot(teams_bot_token=echo.token)
        bot.add_command(Fails())
        with cloud.run_bot(bot):
            asked = cloud.say(alice, cloud.direct(alice, echo), "boom")
            assert handling(cloud, asked)["title"] == "LookupError: no such fruit"
            people = ask(cloud, "/chat/state")["people"]
    assert "boom" in [one["keyword"] for person in people for one in person["commands"]]


def test_reports_to_a_sandbox_that_has_stopped_are_no_error() -> None:
    with Sandbox() as cloud:
        reports = RemoteReports(cloud.url)
    assert reports.begin("a token", "a message") == ""
    reports.end("a key", "an error", "")
