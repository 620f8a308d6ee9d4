"""The pages work in a real browser, with the real webex_bot."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect
from sandbox_page import choose, say
from sandbox_world import World

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><circle r="4"/></svg>'


def test_a_message_is_posted_and_answered_in_its_thread(running: World, page: Any) -> None:
    page.goto(running.cloud.url)
    choose(page, "Echo Bot")
    say(page, "hi there")
    page.locator(".thread").get_by_text("hello alice.adams@example.com, you said there").wait_for()


def test_a_cards_buttons_work(running: World, page: Any) -> None:
    page.goto(running.cloud.url)
    choose(page, "Echo Bot")
    say(page, "form")
    link = page.get_by_role("link", name="Read more")
    assert link.get_attribute("href") == "https://example.com/?a=1&b=2"
    assert link.get_attribute("target") == "_blank"
    page.get_by_placeholder("What", exact=True).fill("a pear")
    page.get_by_role("button", name="Send").first.click()
    page.locator("#messages").get_by_text("alice.adams@example.com filled in a pear").wait_for()


def test_what_is_typed_into_a_card_stays_when_a_message_comes(running: World, page: Any) -> None:
    page.goto(running.cloud.url)
    choose(page, "Echo Bot")
    say(page, "form")
    page.get_by_placeholder("What", exact=True).fill("half a pe")
    running.cloud.say(running.alice, running.direct, "from my phone")
    page.locator("#messages").get_by_text("from my phone").wait_for()
    assert page.get_by_placeholder("What", exact=True).input_value() == "half a pe"


def test_people_see_only_their_own_spaces(world: World, page: Any) -> None:
    world.cloud.say(world.alice, world.direct, "my secret")
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    page.locator("#messages").get_by_text("my secret").wait_for()
    page.get_by_label("You are").select_option("Bob Brown")
    page.get_by_role("heading", name="Team").wait_for()
    assert page.locator("#spaces").get_by_role("button").count() == 1
    assert "my secret" not in page.content()


def test_markup_in_a_message_is_inert(world: World, page: Any) -> None:
    text = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    world.cloud.say(world.alice, world.direct, text)
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    page.locator("#messages").get_by_text(text).wait_for()
    assert page.locator("#messages script, #messages img").count() == 0
    assert "owned" not in page.title()


def test_a_group_is_made_and_a_reply_goes_into_the_thread(running: World, page: Any) -> None:
    page.goto(running.cloud.url)
    page.get_by_role("button", name="New space").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Echo Bot").check()
    dialog.get_by_label("Bob Brown").check()
    dialog.get_by_label("Title").fill("Picnic")
    dialog.get_by_role("button", name="Create").click()
    page.get_by_role("heading", name="Picnic").wait_for()
    say(page, "who comes?")
    message = page.locator(".message", has_text="who comes?")
    message.hover()
    message.get_by_role("button", name="Reply to Alice Adams").click()
    page.get_by_role("button", name="@Echo Bot").click()
    page.get_by_label("Message", exact=True).press("End")
    page.keyboard.type("hi")
    page.keyboard.press("Enter")
    page.locator(".thread").get_by_text("hello alice.adams@example.com").wait_for()


def test_a_space_can_be_made_before_the_page_has_loaded_everything(world: World, page: Any) -> None:
    held: list[Any] = []
    page.route("**/chat/state?**", lambda route: held.append(route))
    with page.expect_request("**/chat/state?**"):
        page.goto(world.cloud.url)
    page.get_by_role("button", name="New space").click()
    page.unroute("**/chat/state?**")  # the requests that were held go on
    page.get_by_role("dialog").get_by_label("Echo Bot").check()


def test_a_new_person_makes_a_one_to_one_space(world: World, page: Any) -> None:
    page.goto(world.cloud.url)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_label("Name").fill("Carol Clark")
    page.get_by_role("dialog").get_by_role("button", name="Add").click()
    page.get_by_text("You are in no space yet.").wait_for()
    page.get_by_role("button", name="New space").click()
    page.get_by_role("dialog").get_by_label("Echo Bot").check()
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    page.get_by_role("heading", name="Echo Bot").wait_for()
    page.get_by_text("Echo Bot is not connected").wait_for()


def test_consent_is_given_in_the_browser(world: World, page: Any) -> None:
    integration = world.cloud.integration(redirect_url=f"{world.cloud.url}/device")
    page.goto(integration.auth_url("a state"))
    page.get_by_label("Bob Brown").check()
    page.get_by_role("button", name="Approve").click()
    page.wait_for_url("**/device?code=*&state=a+state")


def test_a_device_is_approved_in_the_browser(world: World, page: Any) -> None:
    integration = world.cloud.integration()
    form = {"client_id": integration.client_id, "scope": "spark:people_read"}
    asked = page.request.post(f"{world.cloud.url}/v1/device/authorize", form=form).json()
    page.goto(asked["verification_uri"])
    page.get_by_label("Code").fill(asked["user_code"].lower())
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("heading", name="The device is connected").wait_for()


def test_an_invalid_card_does_not_hide_the_other_messages(world: World, page: Any) -> None:
    invalid = {
        "type": "AdaptiveCard",
        "body": [{"type": "FactSet", "facts": 7}, {"type": "Image", "url": "javascript:1"}],
    }
    card = {"contentType": "application/vnd.microsoft.card.adaptive", "content": invalid}
    page.request.post(
        f"{world.cloud.url}/v1/messages",
        data={"roomId": world.direct.id, "text": "invalid", "attachments": [card]},
        headers={"Authorization": f"Bearer {world.bot.token}"},
    )
    world.cloud.say(world.alice, world.direct, "still here")
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    page.locator("#messages").get_by_text("still here").wait_for()
    page.get_by_text("This card cannot be shown").wait_for()


def test_files_are_sent_and_shown(world: World, page: Any) -> None:
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    page.locator("#file").set_input_files({"name": "list.txt", "mimeType": "text/plain", "buffer": b"milk"})
    page.get_by_text("list.txt").wait_for()
    say(page, "what we need")
    message = page.locator(".message", has_text="what we need")
    with page.expect_download() as saved:
        message.get_by_role("link", name="list.txt").click()
    assert saved.value.path().read_bytes() == b"milk"
    (posted,) = world.cloud.messages(world.direct)
    assert [(one.name, one.content_type) for one in posted.content.files] == [("list.txt", "text/plain")]
    as_bot = {"Authorization": f"Bearer {world.bot.token}"}
    page.request.post(
        f"{world.cloud.url}/v1/messages",
        multipart={
            "roomId": world.direct.id,
            "files": {"name": "dot.svg", "mimeType": "image/svg+xml", "buffer": SVG},
        },
        headers=as_bot,
    )
    expect(page.get_by_role("img", name="dot.svg")).to_have_js_property("naturalWidth", 8)
