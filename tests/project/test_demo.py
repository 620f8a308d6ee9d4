"""``make demo``: what the terminal shows, a port that is taken, and the next demo in an open tab."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.chromium import chromium
from support.demo import Demo
from support.redis_server import free_port


def test_the_terminal_shows_what_to_do_and_the_rest_only_when_it_is_asked_for(tmp_path: Path) -> None:
    with Demo(tmp_path, {}) as quiet:
        text = "\n".join(quiet.introduction)
        for part in (quiet.url, "echo hello", "Ctrl+C"):
            assert part in text
        assert "INFO" not in text
        assert quiet.end() == (0, [])
    with Demo(tmp_path, {}, "--verbose") as verbose:
        verbose.read_until("Registering bot with Webex cloud")
        assert verbose.end()[0] == 0


def test_the_port_is_always_the_same_and_one_in_use_is_a_sentence(tmp_path: Path) -> None:
    try:
        taken = socket.create_server(("127.0.0.1", 8910))
    except OSError:  # by another program, which serves the test as well
        taken = None
    try:
        status, printed = Demo(tmp_path, {"SANDBOX_PORT": ""}).wait()
    finally:
        if taken:
            taken.close()
    assert status == 1
    assert printed == [
        "Port 8910 is in use, maybe by another demo: end that, or set SANDBOX_PORT to another."
    ]


@pytest.mark.browser
def test_an_open_tab_finds_the_next_demo(tmp_path: Path) -> None:
    settings = {"SANDBOX_PORT": str(free_port())}
    with chromium() as browser:
        page = browser.new_page()
        with Demo(tmp_path, settings) as first:
            assert first.url.endswith(":" + settings["SANDBOX_PORT"])
            page.goto(first.url)
            # the space in which the command that the terminal names can be typed at once
            expect(page.get_by_role("heading", name="Echo Bot")).to_be_visible()
            send_help(page)  # seen by the page only if it follows the changes
            first_address = page.url
            assert first.end()[0] == 0
        with Demo(tmp_path, settings):
            expect(page.get_by_role("alert").filter(has_text="started again")).to_be_visible()
            expect(page).not_to_have_url(first_address)  # its people and spaces are new
            page.get_by_role("navigation").get_by_text("Echo Bot", exact=True).click()
            send_help(page)


def send_help(page: Page) -> None:
    """Send "help", and wait until the page shows it."""
    page.get_by_label("Message", exact=True).fill("help")
    page.get_by_role("button", name="Send").click()
    articles = page.get_by_role("log", name="Messages").get_by_role("article")
    expect(articles.get_by_text("help", exact=True)).to_be_visible()
