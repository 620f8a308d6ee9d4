"""The chat page by the keyboard: Enter does what a dialog says, and Tab is never pressed a hundred times."""

from __future__ import annotations

from typing import Any

import requests
from playwright.sync_api import expect
from sandbox_page import bot_posts, card, choose, say
from sandbox_world import World
from support.whoami import Whoami
from support.wording import TEXTS

from webex_bot_auth.testing import WebexSandbox


def test_enter_in_a_dialog_does_what_its_main_button_says(world: World, page: Any) -> None:
    page.goto(world.cloud.url)
    page.get_by_role("button", name="New space").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("Picnic")
    page.keyboard.press("Enter")
    dialog.get_by_text("Choose who else is in the space.").wait_for()  # an error stays in its dialog
    dialog.get_by_label("Bob Brown").check()
    dialog.get_by_label("Title").press("Enter")
    page.get_by_role("heading", name="Picnic").wait_for()
    assert page.get_by_role("dialog").count() == 0


def test_enter_on_the_consent_page_approves_for_the_one_who_was_asked(world: World, page: Any) -> None:
    bobs = world.cloud.direct(world.bob, world.bot)
    integration = world.cloud.integration(redirect_url=f"{world.cloud.url}/device")
    url = integration.auth_url("state-of-bob")
    login = card({"type": "TextBlock", "text": "Log in"}, actions=[{"type": "Action.OpenUrl", "url": url}])
    bot_posts(world, **{**login, "roomId": bobs.id})
    page.goto(url)
    assert page.get_by_label("Bob Brown").is_checked()
    page.get_by_label("Bob Brown").press("Enter")
    page.wait_for_url("**/device?code=*&state=state-of-bob")


def test_back_goes_to_the_space_before(world: World, page: Any) -> None:
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    choose(page, "Team")
    page.go_back()
    page.get_by_role("heading", name="Echo Bot").wait_for()
    page.go_forward()
    page.get_by_role("heading", name="Team").wait_for()


def test_the_list_of_spaces_is_one_tab_stop(world: World, page: Any) -> None:
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    spaces = page.locator(".space")
    page.locator(".space[aria-current=true]").press("Home")
    expect(spaces.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(spaces.nth(1)).to_be_focused()
    assert page.locator(".space[tabindex='0']").count() == 1


def test_the_tools_of_all_messages_are_one_tab_stop(world: World, page: Any) -> None:
    for number in range(40):
        world.cloud.say(world.alice, world.direct, f"message {number}")
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    page.locator("#messages").get_by_text("message 39").wait_for()
    page.locator("#messages").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")  # replies to the last message but one
    page.get_by_text("Replying to Alice Adams in a thread").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("Replying to").wait_for(state="hidden")
    page.locator("#messages").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "text"


def test_up_brings_earlier_messages_back(world: World, page: Any) -> None:
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    field = page.get_by_label("Message", exact=True)
    for text in ("first", "second"):
        say(page, text)
        page.locator("#messages").get_by_text(text).wait_for()
    for press, text in (("ArrowUp", "second"), ("ArrowUp", "first"), ("ArrowDown", "second")):
        field.press(press)
        assert field.input_value() == text
    field.press("ArrowDown")
    assert field.input_value() == ""


def test_at_completes_a_name_and_the_bot_hears_it_wherever_it_stands(running: World, page: Any) -> None:
    page.goto(running.cloud.url)
    choose(page, "Team")
    page.get_by_text("a bot sees only messages that mention it").wait_for()
    field = page.get_by_label("Message", exact=True)
    field.press_sequentially("please hi @b")
    page.get_by_role("option", name="Bob Brown bob").wait_for()
    field.press("Backspace")
    field.press_sequentially("ec")
    page.get_by_role("option", name="Echo Bot").wait_for()
    field.press("Enter")
    assert field.input_value() == "please hi @Echo Bot "
    field.press("Enter")
    page.locator(".thread").get_by_text("hello alice.adams@example.com").wait_for()


def test_what_to_type_stands_on_the_page(world: World, page: Any) -> None:
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    page.get_by_role("button", name="help").click()
    assert page.get_by_label("Message", exact=True).input_value() == "help "


def test_one_can_write_as_soon_as_the_page_is_open(world: World, page: Any) -> None:
    page.goto(world.cloud.url)
    expect(page.get_by_label("Message", exact=True)).to_be_focused()


def test_a_phone_does_not_open_its_keyboard_with_the_page(world: World, browser: Any) -> None:
    phone = browser.new_page(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 700})
    phone.goto(f"{world.cloud.url}#view=conversation")
    expect(phone.get_by_label("Message", exact=True)).to_be_visible()
    assert phone.evaluate("document.activeElement === document.body")
    phone.close()


def test_after_a_login_one_types_on(webex_sandbox: WebexSandbox, page: Any) -> None:
    alice = webex_sandbox.add_person("Alice Adams")
    bot = webex_sandbox.run(Whoami, name="Echo Bot")
    bot.login_card(alice, after=bot.hears(alice, "whoami"))
    page.goto(f"{webex_sandbox.url}/open?email={bot.person.email}")
    button = page.get_by_role("link", name=TEXTS.login_button)
    with page.context.expect_page() as opened:
        button.press("Enter")
    opened.value.get_by_label("Alice Adams").press("Enter")
    opened.value.get_by_role("heading", name=TEXTS.page_done.title).wait_for()
    button.wait_for(state="detached")  # the focus was on it
    expect(page.get_by_label("Message", exact=True)).to_be_focused()


def test_a_message_that_changes_takes_the_focus_from_nobody(world: World, page: Any) -> None:
    first = world.cloud.say(world.alice, world.direct, "first")
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    bot_posts(world, parentId=first.id, **card(actions=[{"type": "Action.Submit", "title": "Yes"}]))
    page.get_by_role("button", name="Yes").focus()
    edit = {"text": "first, edited", "roomId": world.direct.id}
    headers = {"Authorization": f"Bearer {world.alice.token}"}
    requests.put(f"{world.cloud.url}/v1/messages/{first.id}", json=edit, headers=headers, timeout=10)
    page.get_by_text("first, edited").wait_for()  # the thread below it is moved
    expect(page.get_by_role("button", name="Yes")).to_be_focused()
