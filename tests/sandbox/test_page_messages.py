"""How the chat page shows messages: Markdown, days, what is new; and a sandbox that has stopped."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from playwright.sync_api import expect
from sandbox_page import bot_posts, choose
from sandbox_world import World

from webex_bot_auth.sandbox import Sandbox

MARKDOWN = """\
1. one
   - nested

| who | when |
|-----|-----:|
| me  | now  |

---

<blockquote class="info">noted<script>document.title = "owned"</script></blockquote>

[bad](javascript:alert(1)) **bold** <img src=x onerror="document.title='owned'" style="color: red">

<form action="https://example.com"><input name="password"></form>
"""


def test_markdown_has_lists_tables_and_rules_and_what_is_not_allowed_is_inert(
    world: World, page: Any
) -> None:
    bot_posts(world, markdown=MARKDOWN)
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    rich = page.locator(".rich")
    for selector in ("ol > li > ul > li", "table td.align-right", "hr", "blockquote.info", "strong"):
        assert rich.locator(selector).count() == 1, selector
    assert (
        page.locator("#messages").locator("script, img, form, input, [style], [href^=javascript]").count()
        == 0
    )
    assert "owned" not in page.title()


def test_messages_in_a_row_have_one_head_and_each_day_its_date(world: World, page: Any) -> None:
    for text in ("one", "two"):
        world.cloud.say(world.alice, world.direct, text)
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    page.get_by_role("heading", name="Today").wait_for()
    assert page.locator(".message.follows").all_inner_texts()[0].find("two") >= 0
    world.cloud.pass_time(3 * 24 * 60 * 60)
    world.cloud.say(world.alice, world.direct, "three")
    page.locator(".message:not(.follows)", has_text="three").wait_for()
    assert page.locator(".day").count() == 2


def test_a_message_out_of_sight_is_counted_and_one_press_away(world: World, page: Any) -> None:
    for number in range(60):
        world.cloud.say(world.alice, world.direct, f"message {number}")
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    page.locator("#messages").get_by_text("message 59").wait_for()
    page.locator("#messages").press("Home")
    expect(page.locator("#messages")).to_have_js_property("scrollTop", 0)
    bot_posts(world, text="news")
    page.get_by_role("button", name="1 new message").wait_for()
    assert page.title() == "(1) Echo Bot - Webex sandbox"
    page.get_by_role("button", name="1 new message").click()
    expect(page).to_have_title("Echo Bot - Webex sandbox")
    page.locator("#messages").get_by_role("separator").get_by_text("New").wait_for()


def test_new_messages_in_another_space_are_counted(world: World, page: Any) -> None:
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    world.cloud.say(world.bob, world.team, "hello all")
    expect(page).to_have_title("(1) Echo Bot - Webex sandbox")
    choose(page, "Team")
    expect(page).to_have_title("Team - Webex sandbox")


def test_ones_own_messages_are_not_new_elsewhere(world: World, page: Any) -> None:
    page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => true })")  # a tab behind
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    world.cloud.say(world.alice, world.team, "from my phone")
    world.cloud.say(world.alice, world.direct, "from my phone too")
    page.locator("#messages").get_by_text("from my phone too").wait_for()
    expect(page).to_have_title("Echo Bot - Webex sandbox")
    world.cloud.say(world.bob, world.team, "hello all")
    expect(page).to_have_title("(1) Echo Bot - Webex sandbox")


def test_the_tools_of_a_message_are_in_sight_as_a_whole(world: World, page: Any) -> None:
    for text in ("one", "two"):
        world.cloud.say(world.alice, world.direct, text)
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    last = page.locator(".message", has_text="two")
    last.hover()
    tools = last.locator(".message-tools")
    expect(tools).to_have_css("opacity", "1")
    assert tools.evaluate(CORNERS) == [True, True, True, True]


CORNERS = """(node) => {
  const { left, right, top, bottom } = node.getBoundingClientRect();
  return [[left + 9, top + 2], [right - 9, top + 2], [left + 9, bottom - 2], [right - 9, bottom - 2]]
    .map(([x, y]) => node.contains(document.elementFromPoint(x, y)));
}"""


def test_only_what_has_changed_is_fetched(world: World, page: Any) -> None:
    for number in range(300):
        world.cloud.say(world.alice, world.direct, f"message {number}")
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    page.locator("#messages").get_by_text("message 299").wait_for()

    def has_the_new_one(answer: Any) -> bool:
        return "/chat/state" in answer.url and any(one["text"] == "news" for one in answer.json()["messages"])

    with page.expect_response(has_the_new_one) as answered:
        bot_posts(world, text="news")
    assert [one["text"] for one in answered.value.json()["messages"]] == ["news"]
    assert "people" not in answered.value.json()


def test_what_has_changed_comes_in_the_order_in_which_it_was_posted(world: World) -> None:
    query = {"person": world.alice.id, "room": world.direct.id}
    known = requests.get(f"{world.cloud.url}/chat/state", query, timeout=10).json()
    first = bot_posts(world, text="first")
    bot_posts(world, text="a reply", parentId=first)
    edited = {"roomId": world.direct.id, "text": "first, edited"}
    as_bot = {"Authorization": f"Bearer {world.bot.token}"}
    requests.put(f"{world.cloud.url}/v1/messages/{first}", json=edited, headers=as_bot, timeout=10)
    query |= {"run": known["run"], "since": known["version"]}
    changed = requests.get(f"{world.cloud.url}/chat/state", query, timeout=10).json()["messages"]
    assert [one["text"] for one in changed] == ["first, edited", "a reply"]


def test_an_edit_and_a_deletion_are_shown(world: World, page: Any) -> None:
    message = bot_posts(world, text="first")
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    as_bot = {"Authorization": f"Bearer {world.bot.token}"}
    url = f"{world.cloud.url}/v1/messages/{message}"
    page.request.put(url, data={"roomId": world.direct.id, "text": "second"}, headers=as_bot)
    page.locator(".message", has_text="second").get_by_text("Edited").wait_for()
    page.request.delete(url, headers=as_bot)
    page.get_by_text("No messages yet.").first.wait_for()


REFRESH = """async () => {
  const script = document.querySelector("script[type=module]").src;
  await (await import(new URL("../common/state.js", script))).refresh();
}"""


@pytest.mark.parametrize("width", [1200, 390])
def test_a_stopped_sandbox_says_so_and_one_that_was_started_again_too(browser: Any, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 700})
    with Sandbox() as cloud:
        port = int(cloud.url.rpartition(":")[2])
        cloud.direct(cloud.add_person("Alice Adams"), cloud.add_bot("Echo Bot"))
        page.goto(cloud.url)
        choose(page, "Echo Bot")
    page.get_by_role("alert").get_by_text("The sandbox has stopped").wait_for()
    page.evaluate(REFRESH)
    assert page.get_by_role("alert").count() == 1, "a load in the background that fails says nothing more"
    with Sandbox(port=port) as cloud:
        cloud.direct(cloud.add_person("Carol Clark"), cloud.add_bot("Other Bot"))
        page.get_by_role("alert").get_by_text("This sandbox was started again").wait_for()
        page.get_by_role("heading", name="Other Bot").wait_for()
    page.close()


CONTRAST = """(selector) => {
  const luminance = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((one) => one / 255)
      .map((one) => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const style = getComputedStyle(document.querySelector(selector));
  const ring = getComputedStyle(document.documentElement).getPropertyValue("--ring");
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = ring;
  const grounds = ["--page", "--surface"].map((name) => {
    probe.style.backgroundColor = `var(${name})`;
    return getComputedStyle(probe).backgroundColor;
  });
  const ratio = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const colors = [style.borderTopColor, getComputedStyle(probe).color];
  return Math.min(...grounds.flatMap((ground) => colors.map((color) => ratio(color, ground))));
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_borders_of_controls_and_focus_rings_have_contrast(world: World, browser: Any, scheme: str) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    for selector in ("#text", "#me"):
        assert page.evaluate(CONTRAST, selector) >= 3
    page.close()
