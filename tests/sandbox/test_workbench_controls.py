"""The workbench on the page, in a real browser: logins, faults and the clock; by keyboard and on a phone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect
from sandbox_page import choose, say
from sandbox_world import World
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens


def log_in(world: World) -> tuple[Integration, Tokens]:
    """Log Alice in and return the integration and her tokens."""
    integration = world.cloud.integration(f"{world.cloud.url}/device", name="Echo login")
    url = world.cloud.log_in(integration.auth_url("a-state"), world.alice, stop_before_redirect=True)
    return integration, integration.tokens_from_code(code=url.partition("code=")[2].partition("&")[0])


def status(world: World, page: Any, token: str | None) -> int:
    """Return how the API answers to a token."""
    url = f"{world.cloud.url}/v1/people/me"
    return int(page.request.get(url, headers={"Authorization": f"Bearer {token}"}).status)


def workbench(page: Any, world: World, tab: str) -> Any:
    """Open the page with a tab of the workbench, and return the workbench as soon as it is shown."""
    page.goto(f"{world.cloud.url}/#workbench={tab}")
    region = page.get_by_role("region", name="Workbench")
    region.wait_for()  # until then, the page has not noticed its new address, which chooses no space
    return region


@pytest.mark.parametrize(
    ("button", "state"), [("Expire the access", "expired"), ("Revoke the refresh", "revoked")]
)
def test_tokens_are_ended(world: World, page: Any, button: str, state: str) -> None:
    integration, tokens = log_in(world)
    logins = workbench(page, world, "logins")
    logins.get_by_text("Alice Adams → Echo login").wait_for()
    assert status(world, page, tokens.access_token) == 200
    logins.get_by_role("button", name=button).click()
    logins.get_by_text(state).first.wait_for()
    assert status(world, page, tokens.access_token) == 401
    if state == "expired":  # the refresh token is still good, and the list is live
        integration.refresh(tokens=tokens)
        logins.get_by_text("access token").nth(1).wait_for()


def test_the_clock_goes_to_just_before_a_token_expires(world: World, page: Any) -> None:
    _, tokens = log_in(world)
    clock = workbench(page, world, "clock")
    clock.get_by_role("button", name="Alice Adams, access token").click()
    clock.get_by_text("ahead of this machine").wait_for()
    assert status(world, page, tokens.access_token) == 200
    clock.get_by_role("button", name="On by an hour").click()
    clock.get_by_role("button", name="Alice Adams, access token").wait_for(state="detached")
    assert status(world, page, tokens.access_token) == 401


def test_faults_are_switched_on_and_off_and_the_chat_says_so(world: World, page: Any) -> None:
    faults = workbench(page, world, "faults")
    faults.get_by_label("Where").select_option("The REST API")
    faults.get_by_label("Number").fill("502")
    faults.get_by_label("Paths that begin with").fill("/v1/people")
    faults.get_by_role("button", name="Switch on").click()
    faults.get_by_text("Answers with a status: 502 (/v1/people), seen 0 times").wait_for()
    page.get_by_role("button", name="1 fault is on").wait_for()
    assert status(world, page, world.bot.token) == 502
    faults.get_by_text("seen once").wait_for()
    faults.get_by_role("button", name="Switch off").click()
    page.get_by_role("button", name="1 fault is on").wait_for(state="hidden")
    assert status(world, page, world.bot.token) == 200
    faults.get_by_label("What").select_option("Answers 429 after so many calls a minute")
    faults.get_by_label("Number").fill("1")
    faults.get_by_role("button", name="Switch on").click()
    faults.get_by_text("calls a minute: 1 (/v1/people), seen 0 times").wait_for()
    assert [status(world, page, world.bot.token) for _ in range(2)] == [200, 429]
    faults.get_by_label("Where").select_option("The websocket")
    faults.get_by_label("What").select_option("Sends events twice")
    faults.get_by_role("button", name="Switch on").click()
    faults.get_by_text("Sends events twice, seen 0 times").wait_for()


def test_a_transcript_is_saved_and_starting_over_clears_the_sandbox(world: World, page: Any) -> None:
    _, tokens = log_in(world)
    world.cloud.faults.rest("/v1/rooms", status=503)
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    say(page, f"my token is {tokens.access_token}")
    page.locator("#messages").get_by_text("my token is").wait_for()
    tab = workbench(page, world, "transcript")
    choose(page, "Echo Bot")
    tab.get_by_text("Of the space Echo Bot").wait_for()
    expect(tab.get_by_role("link")).to_have_attribute("href", re.compile("person=.+&room=."))
    with page.expect_download() as saved:
        tab.get_by_role("link", name="Save the transcript").click()
    assert "my token is •••" in saved.value.path().read_text(encoding="utf-8")
    tab.get_by_role("button", name="Start over", exact=True).click()
    tab.get_by_role("button", name="Yes, start over").click()
    page.get_by_text("No messages yet.").first.wait_for()
    expect(tab.get_by_role("button", name="Yes, start over")).to_be_hidden()  # all is done
    assert world.cloud.messages() == []
    assert list(world.cloud.calls) == []
    assert world.cloud.faults.active() == []
    assert status(world, page, tokens.access_token) == 401
    assert status(world, page, world.bot.token) == 200


def test_it_works_by_the_keyboard(world: World, page: Any) -> None:
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    button = page.locator(".conversation").get_by_role("button", name="Workbench")
    button.press("Enter")
    tabs = page.get_by_role("tab")
    expect(tabs.nth(0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(tabs.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(page.get_by_role("region", name="Workbench")).to_be_hidden()


def test_on_a_phone_it_is_a_page_of_its_own(world: World, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 700}, has_touch=True)
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    page.locator(".conversation").get_by_role("button", name="Workbench").click()
    panel = page.get_by_role("region", name="Workbench")
    panel.get_by_role("tab", name="Transcript").wait_for()
    for tab in panel.get_by_role("tab").all():
        tab.click()
        box = panel.bounding_box()
        assert (box["y"], box["width"], box["height"]) == (0, 390, 700)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".conversation").is_hidden()
    page.go_back()
    page.go_back()
    expect(panel.get_by_role("tab", name="Clock")).to_have_attribute("aria-selected", "true")
    panel.get_by_role("button", name="Close").click()
    page.get_by_role("heading", name="Echo Bot").wait_for()
    page.close()
