"""Nothing on the chat page is cut off or squeezed, however long it is and however narrow the window."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_page import bot_posts, card, choose, open_workbench
from sandbox_world import World

CUT = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth).length"
PHONE = {"width": 375, "height": 720}
LAPTOP = {"width": 1280, "height": 800}


def test_a_long_title_of_a_fact_leaves_half_of_the_card_to_its_value(world: World, page: Any) -> None:
    facts = [{"title": "A very long title of a fact", "value": "https://example.com/" + "a" * 60}]
    bot_posts(world, **card({"type": "FactSet", "facts": facts}))
    page.set_viewport_size(PHONE)
    page.goto(world.cloud.url)
    choose(page, "Echo Bot")
    whole, value = (page.locator(f".card-facts{part}").bounding_box()["width"] for part in ("", " dd"))
    assert value > 0.45 * whole


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_long_names_addresses_and_events_can_be_read(running: World, page: Any, size: dict[str, int]) -> None:
    running.cloud.add_person(
        "Somebody " + "with many names " * 5, email=f"{'somebody' * 8}@{'part.' * 8}example.com"
    )
    asked = running.cloud.say(running.alice, running.direct, "hi")
    running.cloud.wait_for_message(running.direct, person=running.bot, after=asked)
    page.set_viewport_size(size)
    page.goto(running.cloud.url)
    page.get_by_role("button", name="New space").click()
    page.get_by_label("Somebody").wait_for()
    assert page.locator("#others .who > *").evaluate_all(CUT) == 0
    page.keyboard.press("Escape")
    choose(page, "Echo Bot")
    workbench = open_workbench(page, "Events")
    workbench.get_by_text("from Alice Adams to Echo Bot").first.wait_for()
    assert workbench.locator(".row .path").evaluate_all(CUT) == 0
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
