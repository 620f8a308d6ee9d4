"""The example as a developer starts it, used in a browser; and many people at the same time, on Redis."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.chromium import chromium
from support.demo import Demo
from support.makers import Make
from support.whoami import Whoami
from support.wording import TEXTS

from webex_bot_auth.testing import WebexSandbox


@pytest.fixture(params=["yaml", "redis"])
def demo(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Demo]:
    """Starts the example."""
    settings = {"REDIS_URL": request.getfixturevalue("redis_url")} if request.param == "redis" else {}
    with Demo(tmp_path, settings) as demo:
        yield demo


def say(page: Page, space: str, words: str) -> None:
    page.get_by_role("navigation").get_by_text(space, exact=True).click()
    page.get_by_label("Message", exact=True).fill(words)
    page.get_by_role("button", name="Send").click()


def test_a_person_chats_logs_in_and_gets_the_answer(demo: Demo, tmp_path: Path) -> None:
    """As in the README's picture: a card, a browser tab, and the command runs by itself."""
    with chromium() as browser:
        page = browser.new_page()
        page.goto(demo.url)
        page.get_by_label("You are").select_option(label="Alice Adams")
        expect(page.get_by_role("heading", name="Echo Bot")).to_be_visible()
        expect(page.get_by_text("is not connected")).to_be_hidden()
        say(page, "Echo Bot", "echo hello")
        messages = page.get_by_role("log", name="Messages")
        with page.expect_popup() as opened:
            messages.get_by_role("link", name=TEXTS.login_button).click()
        consent = opened.value
        consent.get_by_text("Alice Adams").first.click()
        consent.get_by_role("button", name="Approve").click()
        expect(consent.get_by_role("heading", name=TEXTS.page_done.title)).to_be_visible()
        told = TEXTS.command_runs.format(name="Alice Adams", command="echo")
        expect(messages.get_by_text(told)).to_be_visible()
        expect(messages.get_by_text("Alice Adams says: hello")).to_be_visible()

        page.get_by_label("You are").select_option(label="Bob Brown")
        page.wait_for_url(re.compile("space="))  # Bob's spaces are there
        expect(messages.get_by_text("Alice Adams says")).to_have_count(0)
        say(page, "Echo Bot", "echo hi")
        with page.expect_popup() as opened:
            messages.get_by_role("link", name=TEXTS.login_button).click()
        opened.value.get_by_role("button", name="Deny").click()
        expect(opened.value.get_by_role("heading", name=TEXTS.page_refused.title)).to_be_visible()
        expect(messages.get_by_text(TEXTS.refused)).to_be_visible()
    assert demo.end() == (0, ["  Alice Adams has logged in."]), "who logs in, and the end in silence"
    assert list(tmp_path.iterdir()) == [], "no tokens are left"


def test_several_people_at_once_in_1_to_1_and_in_a_group(
    webex_sandbox: WebexSandbox, redis_manager: Make
) -> None:
    bot = webex_sandbox.run(Whoami, manager=redis_manager)
    people = [webex_sandbox.add_person(f"Person {number}") for number in range(10)]
    team = bot.group(*people)
    asked = {person: bot.hears(person, "whoami", room=team) for person in people[:5]}
    asked |= {person: bot.hears(person, "whoami") for person in people[5:]}
    for person in people:
        assert bot.press_login(bot.login_card(person), person).status_code == 200
    for person, question in asked.items():
        assert bot.answer_to(question, f"You are {person.display_name}").parent == question
    for person in people:
        others = [other.display_name for other in people if other is not person]
        assert not [text for text in bot.said(person) for name in others if text.endswith(name)]
    assert set(bot.said(team)) == {TEXTS.look_in_direct, *(f"You are Person {number}" for number in range(5))}
