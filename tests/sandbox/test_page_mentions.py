"""Whom a message on the chat page mentions, and what it says where no bot sees it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect
from sandbox_page import choose, open_workbench, say
from sandbox_world import World


@pytest.mark.parametrize("typed", ["@Echo Bot hi", "please @echo bot: hi"])
def test_a_bot_whose_name_is_typed_or_pasted_after_at_is_mentioned(
    running: World, page: Any, typed: str
) -> None:
    page.goto(running.cloud.url)
    choose(page, "Team")
    say(page, typed)  # fills the field at once, as pasting does
    page.locator("#messages").get_by_text("hello alice.adams@example.com").wait_for()
    assert page.get_by_text("not see this").count() == 0


@pytest.mark.parametrize("typed", ["@Echo Bother hi", "Echo Bot hi", "a@Echo Bot"])
def test_a_message_that_no_bot_sees_says_so(running: World, page: Any, typed: str) -> None:
    page.goto(running.cloud.url)
    choose(page, "Team")
    say(page, typed)
    page.get_by_text("Echo Bot does not see this: it does not mention it.").wait_for()


def test_a_person_who_is_typed_is_not_mentioned_and_one_bot_that_sees_it_is_enough(
    world: World, page: Any
) -> None:
    weather = world.cloud.add_bot("Weather Bot")
    world.cloud.group("Both", [world.alice, world.bob, world.bot, weather])
    page.goto(world.cloud.url)
    choose(page, "Both")
    say(page, "@Bob Brown look")
    page.get_by_text("Echo Bot and Weather Bot do not see this: it does not mention them.").wait_for()
    say(page, "@Weather Bot look")
    page.locator(".mention", has_text="Weather Bot").wait_for()
    assert page.get_by_text("not see this").count() == 1
    assert [one.mentioned for one in world.cloud.messages()] == [(), (weather,)]


def test_bots_come_first_and_are_found_by_any_word_of_their_names(world: World, page: Any) -> None:
    page.goto(world.cloud.url)
    choose(page, "Team")
    page.get_by_label("Message", exact=True).press_sequentially("@b")
    expect(page.locator("#completion").get_by_role("option")).to_have_text(
        ["EBEcho Botecho.bot@webex.bot", "BBBob Brownbob.brown@example.com"]
    )


def test_a_method_takes_one_line_in_the_list_of_calls(world: World, page: Any) -> None:
    page.goto(world.cloud.url)
    open_workbench(page, "Calls")
    page.evaluate("fetch('/v1/rooms/x', {method: 'DELETE'})")
    page.evaluate("fetch('/v1/rooms', {method: 'GET'})")
    one_line, delete = page.locator(".method", has_text="GET"), page.locator(".method", has_text="DELETE")
    assert delete.bounding_box()["height"] == one_line.bounding_box()["height"]
    assert delete.evaluate(
        "node => node.scrollWidth <= node.clientWidth || getComputedStyle(node).display === 'inline'"
    )
    assert (
        delete.bounding_box()["x"] + delete.bounding_box()["width"]
        <= page.locator(".path").first.bounding_box()["x"]
    )
