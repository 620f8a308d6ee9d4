"""What one does on the chat page."""

from __future__ import annotations

from typing import Any

import requests
from sandbox_world import World


def say(page: Any, text: str) -> None:
    """Post a message in the chosen space."""
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_label("Message", exact=True).press("Enter")


def choose(page: Any, space: str) -> None:
    """Choose a space and wait until it is shown."""
    page.locator("#spaces").get_by_role("button", name=space).click()
    page.get_by_role("heading", name=space, exact=True).wait_for()


def open_workbench(page: Any, tab: str) -> Any:
    """Open a tab of the workbench, and return the workbench."""
    page.locator(".conversation").get_by_role("button", name="Workbench").click()
    workbench = page.get_by_role("region", name="Workbench")
    workbench.get_by_role("tab", name=tab).click()
    return workbench


def bot_posts(world: World, **message: Any) -> str:
    """Post a message in the 1:1 space as the bot, and return its ID."""
    answer = requests.post(
        f"{world.cloud.url}/v1/messages",
        json={"roomId": world.direct.id, **message},
        headers={"Authorization": f"Bearer {world.bot.token}"},
        timeout=10,
    )
    answer.raise_for_status()
    return str(answer.json()["id"])


def card(*body: dict[str, Any], actions: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return the fields of a message with a card."""
    content = {"type": "AdaptiveCard", "version": "1.3", "body": list(body), "actions": actions or []}
    return {
        "text": "a card",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": content}],
    }
