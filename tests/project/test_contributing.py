"""What contributors read and the host runs is true: commands, files, folders and versions exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
#: files for contributors, users and programs that name targets of make
NAME_TARGETS = [
    ROOT / "CONTRIBUTING.md",
    ROOT / "README.md",
    ROOT / ".ci" / "run",
    ROOT / ".pre-commit-config.yaml",
    ROOT / ".github" / "PULL_REQUEST_TEMPLATE.md",
    *WORKFLOWS,
]
#: files that only people on the host read
FOR_PEOPLE = ["CONTRIBUTING.md", "CODE_OF_CONDUCT.md", ".github/PULL_REQUEST_TEMPLATE.md"]


def targets() -> set[str]:
    """Targets of the Makefile that are no files."""
    found = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert found
    return set(found[1].split())


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The steps of all workflows that run a command: name of the job, matrix, step."""
    return [
        (name, job.get("strategy", {}).get("matrix", {}), step)
        for path in WORKFLOWS
        for name, job in load(path)["jobs"].items()
        for step in job["steps"]
        if "run" in step
    ]


def test_make_help_lists_each_target() -> None:
    printed = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert set(re.findall(r"^make (\w+) +\S", printed, re.MULTILINE)) == targets()


def test_the_guide_names_each_target() -> None:
    assert set(re.findall(r"`make (\w+)`", GUIDE)) == targets()


@pytest.mark.parametrize("path", NAME_TARGETS, ids=lambda path: path.name)
def test_each_target_that_is_named_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|run: |^|exec )make (\w+)", text, re.MULTILINE))
    assert named
    assert named <= targets()


def test_workflows_run_targets_or_programs_that_exist() -> None:
    for name, matrix, step in steps():
        for target in matrix.get("target", []):
            assert target in targets(), name
        for program in re.findall(r"\.venv/bin/([\w-]+)", step["run"]):
            assert program in ("webex-bot-auth", "python"), name


def test_workflows_test_the_versions_of_python_that_are_promised() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    promised = set(re.findall(r"Python :: (3\.\d+)", project))
    tested = {version for _, matrix, _ in steps() for version in matrix.get("python", [])}
    assert tested == promised
    assert f'requires-python = ">={min(promised, key=lambda version: int(version[2:]))}"' in project


def test_markers_in_commands_are_declared(pytestconfig: pytest.Config) -> None:
    declared = {line.partition(":")[0].partition("(")[0] for line in pytestconfig.getini("markers")}
    commands = MAKEFILE + "".join(step["run"] for _, _, step in steps())
    selections = re.findall(r'(?:-m|CORE +=) "([^"]+)"', commands)
    assert selections
    assert {name for words in selections for name in re.findall(r"not (\w+)", words)} <= declared


def test_the_hosts_files_are_yaml_with_what_they_need() -> None:
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        form = load(path)
        assert path.name == "config.yml" or {"name", "description", "body"} <= set(form)
    assert load(ROOT / ".github" / "dependabot.yml")["version"] == 2
    assert load(ROOT / ".pre-commit-config.yaml")["repos"]


@pytest.mark.parametrize("name", FOR_PEOPLE)
def test_links_lead_to_files_and_headings_that_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        file, _, heading = target.partition("#")
        linked = (ROOT / name).parent / file
        assert linked.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {title.lower().replace(" ", "-") for title in titles}, target


def test_the_guide_names_each_folder_and_only_names_that_exist() -> None:
    package = ROOT / "webex_bot_auth"
    folders = {path.parent.relative_to(ROOT).as_posix() for path in package.glob("*/__init__.py")}
    table = GUIDE.partition("## The house")[2].partition("## How to add")[0]
    named = set(re.findall(r"`([\w/]+/[\w/]+)`", table))
    assert folders <= named
    assert all((ROOT / name).is_dir() for name in named)
    sources = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("webex_bot_auth", "tests")
        for path in (ROOT / folder).rglob("*.py")
    )
    adding = GUIDE.partition("## How to add")[2].partition("## Versions")[0]
    for name in re.findall(r"`([A-Z]\w+|\w+_doctor)`", adding):
        assert re.search(rf"(class|def) {name}\b|^{name}\b.* = ", sources, re.MULTILINE), name
