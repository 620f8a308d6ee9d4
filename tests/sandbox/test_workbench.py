"""The workbench on the page, in a real browser: what clients and bots do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect
from sandbox_page import bot_posts, card, choose, open_workbench, say
from sandbox_world import World, make_bot
from webex_bot.models.command import Command


class Fails(Command):
    """Fails on purpose."""

    def __init__(self) -> None:
        super().__init__(command_keyword="boom", help_message="Fails on purpose")

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> Any:
        prices: dict[str, int] = {}
        return prices["apple"]


class Waits(Command):
    """Works until it is let go."""

    def __init__(self) -> None:
        super().__init__(command_keyword="wait")
        self.go = threading.Event()

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> Any:
        self.go.wait(20)


@pytest.fixture
def waits() -> Waits:
    """Return a command that works until it is let go."""
    return Waits()


@pytest.fixture
def at_work(world: World, waits: Waits) -> Iterator[World]:
    """Run the bot of ``world``, with a command that fails and one that waits."""
    bot = make_bot(world.bot.token)
    for command in (Fails(), waits):
        bot.add_command(command)
    with world.cloud.run_bot(bot):
        yield world


def test_why_a_bot_does_not_answer_stands_at_the_message(at_work: World, page: Any) -> None:
    page.goto(at_work.cloud.url)
    choose(page, "Echo Bot")
    page.get_by_role("button", name="boom").click()  # the page says what there is to type
    page.keyboard.press("Enter")
    message = page.locator(".message", has_text="boom")
    message.get_by_text("Echo Bot failed: KeyError: 'apple'").click()
    traceback = message.get_by_label("Traceback")
    expect(traceback).to_contain_text('prices["apple"]')
    assert "watching.py" not in traceback.inner_text()
    page.locator(".conversation").get_by_role("button", name="1 error", exact=True).wait_for()
    message.get_by_role("button", name="All errors").click()
    errors = page.get_by_role("region", name="Workbench")
    errors.get_by_text("KeyError: 'apple'", exact=True).first.wait_for()
    assert errors.get_by_role("tab", name="Errors").get_attribute("aria-selected") == "true"


def test_a_working_bot_is_shown_at_the_message_and_so_is_one_that_says_nothing(
    at_work: World, waits: Waits, page: Any
) -> None:
    page.goto(at_work.cloud.url)
    choose(page, "Echo Bot")
    say(page, "wait")
    page.get_by_text("Echo Bot is working on it").wait_for()
    waits.go.set()
    page.get_by_text("Echo Bot has handled this without an answer.").wait_for()
    assert page.get_by_text("is working on it").count() == 0


def test_secrets_in_an_error_are_masked(world: World, page: Any) -> None:
    class Leaks(Fails):
        def execute(self, message: str, attachment_actions: Any, activity: Any) -> Any:
            raise ValueError(f"wrong token {world.bot.token}")

    bot = make_bot(world.bot.token)
    bot.add_command(Leaks())
    with world.cloud.run_bot(bot):
        page.goto(world.cloud.url)
        choose(page, "Echo Bot")
        say(page, "boom")
        page.get_by_text("Echo Bot failed: ValueError: wrong token •••").wait_for()
        assert world.bot.token not in page.content()


def test_a_call_opens_to_its_request_and_answer_without_secrets_until_they_are_revealed(
    at_work: World, page: Any
) -> None:
    page.goto(at_work.cloud.url)
    choose(page, "Echo Bot")
    calls = open_workbench(page, "Calls")
    say(page, "hi there")  # the list is live
    posted = calls.get_by_role("button", name="POST").filter(has=page.get_by_text("/v1/messages", exact=True))
    posted.filter(has_text="200").first.click()  # it has been answered
    request, answer = calls.locator("pre").nth(0), calls.locator("pre").nth(1)
    expect(request).to_contain_text("Authorization: Bearer •••")
    expect(request).to_contain_text('"markdown": "hello alice.adams@example.com')
    expect(answer).to_contain_text("200")
    page.evaluate(
        "navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }"
    )
    calls.get_by_role("button", name="Copy as curl").click()
    curl = page.evaluate("window.copied")
    assert curl.startswith(f"curl -X POST {at_work.cloud.url}/v1/messages")
    assert at_work.bot.token not in page.content() + curl
    calls.get_by_role("button", name="Reveal secrets").click()
    expect(request).to_contain_text(at_work.bot.token)


def test_an_event_is_delivered_again_and_a_connection_dropped(at_work: World, page: Any) -> None:
    cloud = at_work.cloud
    page.goto(cloud.url)
    choose(page, "Echo Bot")
    say(page, "hi there")
    page.locator(".thread").get_by_text("hello alice").wait_for()
    events = open_workbench(page, "Events")
    row = events.locator(".row", has_text="from Alice Adams to Echo Bot")
    row.get_by_text("acknowledged", exact=True).wait_for()
    row.click()
    expect(events.locator("pre")).to_contain_text('"verb": "post"')
    events.get_by_role("button", name="Deliver again").click()
    row.get_by_text("sent 2 times").wait_for()
    events.get_by_role("button", name="Drop the connection of Echo Bot").click()
    cloud.wait_until_online(at_work.bot, connections=2)
    events.get_by_text("connected", exact=True).wait_for()


def test_a_message_is_shown_as_json_and_its_card_edited_and_sent(world: World, page: Any) -> None:
    bot_posts(world, **card({"type": "TextBlock", "text": "Before"}))
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    page.locator(".message").hover()
    page.get_by_role("button", name="JSON of the message of Echo Bot").click()
    workbench = page.get_by_role("region", name="Workbench")
    expect(workbench.locator("pre")).to_contain_text('"personEmail": "echo.bot@webex.bot"')
    editor = workbench.get_by_label("Try a card")
    editor.fill("{ no JSON")
    workbench.get_by_text("This is not JSON").wait_for()
    editor.fill(
        '{"type": "AdaptiveCard", "version": "1.3", "body": [{"type": "TextBlock", "text": "After"}]}'
    )
    workbench.locator(".preview").get_by_text("After").wait_for()
    workbench.get_by_role("button", name="Send as the bot").click()
    page.locator("#messages .card").get_by_text("After").wait_for()


def test_the_workbench_loads_nothing_before_it_is_opened(world: World, page: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    say(page, "hello")
    page.locator("#messages").get_by_text("hello").wait_for()
    assert [url for url in asked if "/workbench/" in url and not url.endswith(".css")] == []
    changes = [url for url in asked if "/chat/changes" in url]
    assert changes == [f"{world.cloud.url}/chat/changes?kinds=chat"]
