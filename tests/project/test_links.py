"""Links from one file of the project to another, or to its documentation, point to what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.documented import PAGES, ROOT

PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
REPOSITORY, SITE = (
    re.findall(rf'^{name} = "(.*)"$', PROJECT, re.MULTILINE)[0] for name in ("Repository", "Documentation")
)


def prose(path: Path) -> str:
    """A document without its code; of a page that includes another document, that one."""
    text = path.read_text(encoding="utf-8")
    if included := re.match(r"```\{include\} (\S+)", text):
        return prose(path.parent / included[1])
    return re.sub(r"^( *)```.*?^\1```$|`[^`\n]+`(?!\])", "", text, flags=re.DOTALL | re.MULTILINE)


def links(name: str) -> list[str]:
    """The addresses of a document's links and pictures."""
    return re.findall(r"\]\(<?([^)>\s]+)>?\)", prose(ROOT / name))


def place_of(document: str, address: str) -> tuple[Path, str] | None:
    """The file and the heading that a link names; None: another project's."""
    address, _, anchor = address.partition("#")
    for start in (f"{REPOSITORY}/blob/main/", f"{REPOSITORY}/tree/main/", f"{REPOSITORY}/raw/main/"):
        if address.startswith(start):
            return ROOT / address.removeprefix(start), anchor
    if address.startswith(SITE):
        page = address.removeprefix(SITE) or "index.html"
        return ROOT / "docs" / Path(page).with_suffix(".md"), anchor
    if re.match(r"\w+:", address):
        return None
    return (ROOT / document).parent / address if address else ROOT / document, anchor


def anchors(path: Path) -> set[str]:
    """The names that GitHub and the site give to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", PAGES)
def test_links_point_to_what_exists(document: str) -> None:
    for address in links(document):
        if place := place_of(document, address):
            path, anchor = place
            assert path.exists(), address
            assert not anchor or anchor in anchors(path), address


def test_a_package_index_can_show_the_readme() -> None:
    """It does not have the repository: all links are absolute."""
    assert {address for address in links("README.md") if not address.startswith("https://")} == set()
