"""What one does on the chat page while it waits for the sandbox."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect
from sandbox_page import choose, open_workbench, say
from sandbox_world import World


def hold(page: Any, requests: str) -> list[Any]:
    """Hold the page's next request to an address, which is appended to the list."""
    held: list[Any] = []
    page.route(requests, lambda route: held.append(route), times=1)
    return held


@pytest.mark.parametrize("typed", ["second", ""])
@pytest.mark.parametrize("arrives", [True, False])
def test_what_is_typed_while_a_message_is_being_sent_stays(
    world: World, page: Any, typed: str, arrives: bool
) -> None:
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    held, field = hold(page, "**/chat/messages"), page.get_by_label("Message", exact=True)
    with page.expect_request("**/chat/messages"):
        say(page, "first")
    field.fill(typed)
    if arrives:
        with page.expect_response("**/chat/messages"):
            held[0].continue_()
        page.locator("#messages").get_by_text("first").wait_for()
        expect(field).to_have_value(typed)
    else:
        held[0].abort()
        page.get_by_text("this did not arrive").wait_for()
        expect(field).to_have_value(typed or "first")


def test_another_persons_spaces_can_be_chosen_once_they_are_there(world: World, page: Any) -> None:
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    spaces, held = page.locator("#spaces button"), hold(page, "**/chat/state?*")
    with page.expect_request("**/chat/state?*"):  # nothing is loaded twice at the same time
        page.get_by_label("You are").select_option(label="Bob Brown")
    expect(spaces).to_have_count(0)
    held[0].continue_()
    expect(spaces.filter(has_text="Team")).to_be_visible()


def test_the_transcript_is_that_of_the_space_which_is_chosen(world: World, page: Any) -> None:
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    open_workbench(page, "Transcript")
    page.get_by_text("Of the space Echo Bot").wait_for()
    choose(page, "Team")
    page.get_by_text("Of the space Team").wait_for()
