"""Runs the snippets of docs/how-to/redis.md with other addresses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import redis
from wxc_sdk.integration import Integration

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "redis.md").read_text(encoding="utf-8")
#: an argument that the page recommends for redis-py 5; later versions warn about it
ONLY_5 = "cluster_error_retry_attempts=0"


def run(heading: str, addresses: list[tuple[str, int]], integration: Integration) -> dict[str, Any]:
    """Run the snippet below a heading.

    Args:
        heading: a heading of the page
        addresses: host and port of the servers
        integration: the integration for its token manager

    Returns:
        all names that the snippet defines, among them ``client`` and ``token_manager``
    """
    snippet = _snippet(heading)
    for number, (host, port) in enumerate(addresses[:3], 1):
        snippet, count = re.subn(
            rf'"(sentinel|redis)-{number}",\s+(port=)?\d+', rf'"{host}", \g<2>{port}', snippet
        )
        assert count == 1, f"docs/how-to/redis.md, {heading}: no address {number}"
    if redis.__version__.startswith("5."):
        snippet = re.sub(rf"  #.* {ONLY_5}$", f"\n    {ONLY_5},", snippet, flags=re.MULTILINE)
    names: dict[str, Any] = {"bot_token": "token", "integration": integration}
    exec(snippet, names)  # noqa: S102 (our own page)
    return names


def _snippet(heading: str) -> str:
    found = re.search(rf"^#+ {heading}\n.*?```python\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)
    assert found, f"docs/how-to/redis.md has no snippet below {heading}"
    return found[1]
