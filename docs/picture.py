"""Takes the README's picture: ``python docs/picture.py``, with the requirements of the tests."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from playwright.sync_api import Page, expect  # noqa: E402 (the path comes first)
from support.chromium import chromium  # noqa: E402


def take(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("You are").select_option(label="Alice Adams")
    page.get_by_role("navigation").get_by_text("Echo Bot", exact=True).click()
    page.get_by_label("Message", exact=True).fill("echo hello")
    page.get_by_role("button", name="Send").click()
    messages = page.get_by_role("log", name="Messages")
    with page.expect_popup() as opened:
        messages.get_by_role("link", name="Log in with Webex").click()
    opened.value.get_by_role("button", name="Approve").click()
    expect(messages.get_by_text("Alice Adams says: hello")).to_be_visible()
    page.mouse.move(0, 0)
    page.screenshot(path=ROOT / "docs" / "chat.png")


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
        take(browser.new_page(viewport={"width": 900, "height": 620}), next(one[0] for one in found if one))
        example.terminate()


if __name__ == "__main__":
    main()
