"""Takes the pictures of the documentation: ``python docs/picture.py``, with the requirements of the tests."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from playwright.sync_api import Browser, Page, expect  # noqa: E402 (the path comes first)
from support.chromium import chromium  # noqa: E402

#: a phone's screen, three of which stand next to each other in the README's picture
PHONE = {"width": 390, "height": 510}


def take_login(browser: Browser, address: str) -> None:
    """Three steps of a login, from the card to the answer, in one picture."""
    page = browser.new_page(viewport=PHONE)
    page.goto(address)
    page.get_by_label("You are").select_option(label="Alice Adams")
    page.get_by_role("navigation").get_by_text("Echo Bot", exact=True).click()
    page.get_by_label("Message", exact=True).fill("echo hello")
    page.get_by_role("button", name="Send").click()
    messages = page.get_by_role("log", name="Messages")
    button = messages.get_by_role("link", name="Log in with Webex")
    expect(button).to_be_visible()
    steps = [seen(page)]
    with page.expect_popup() as opened:
        button.click()
    opened.value.set_viewport_size(PHONE)
    opened.value.get_by_role("button", name="Approve").wait_for()
    steps.append(seen(opened.value))
    opened.value.get_by_role("button", name="Approve").click()
    expect(messages.get_by_text("Alice Adams says: hello")).to_be_visible()
    steps.append(seen(page))
    show_side_by_side(browser, steps)


def seen(page: Page) -> str:
    page.mouse.move(0, 0)
    return base64.b64encode(page.screenshot()).decode()


def show_side_by_side(browser: Browser, steps: list[str]) -> None:
    page = browser.new_page(viewport={"width": 3 * 390 + 4 * 20, "height": 510 + 2 * 20})
    style = "body {margin: 20px; display: flex; gap: 20px; background: #fff} img {outline: 1px solid #c8ccd0}"
    images = "".join(f'<img src="data:image/png;base64,{step}">' for step in steps)
    page.set_content(f"<style>{style}</style>{images}")
    page.screenshot(path=ROOT / "docs" / "login.png")


def take_workbench(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 620})
    page.goto(address)
    page.get_by_role("navigation").get_by_text("Echo Bot", exact=True).click()
    page.locator(".conversation").get_by_role("button", name="Workbench").click()
    calls = page.get_by_role("region", name="Workbench")
    calls.get_by_role("button", name="GET").get_by_text("/v1/people/me", exact=True).first.click()
    expect(calls.locator("pre").first).to_be_visible()
    page.mouse.move(0, 0)
    page.screenshot(path=ROOT / "docs" / "workbench.png")


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-u", ROOT / "examples" / "echo_bot.py", "--sandbox"],
            cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ) as example,
        chromium() as browser,
    ):  # fmt: skip
        assert example.stdout
        found = (re.search(r"http://127\.0\.0\.1:\d+", line) for line in example.stdout)
        address = next(one[0] for one in found if one)
        take_login(browser, address)
        take_workbench(browser, address)
        example.terminate()


if __name__ == "__main__":
    main()
