"""Storing a user in a YAML file of many users, and starting with one."""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from support.counting import fsyncs

from webex_bot_auth import YAMLTokenManager
from webex_bot_auth.stores.yaml_lines import HEADER, line_of

from .measuring import Curve, Figure, interleaved, ratio
from .sample_users_and_commands import INTEGRATION, context, person_id

USERS = (100, 1_000, 10_000)
WRITE = "write the same bytes + fsync + rename"
LOAD = "libyaml's loader alone"


def measure() -> Iterator[Figure | Curve]:
    with tempfile.TemporaryDirectory() as folder:
        files = [_file(Path(folder), users) for users in USERS]
        stores = [_storing(file) for file in files]
        starts = [_starting(file) for file in files]
        yield Figure("set_user_context, YAML: fsyncs", _fsyncs(files[-1]), "", 2, "the file and its folder")
    yield Figure("set_user_context, YAML, 10,000 users: time", ratio(*stores[-1]), "x", 1.5, WRITE)
    yield Figure("start, YAML, 10,000 users: time", ratio(*starts[-1]), "x", 1.2, LOAD)
    yield _curve("storing-a-user-in-YAML", ("set_user_context", WRITE), stores)
    yield _curve("starting-with-YAML", ("start, and one user's context", LOAD), starts)


def _file(folder: Path, users: int) -> Path:
    """Make a file of so many users, as the token manager writes it."""
    path = folder / f"{users}.yml"
    people = [person_id() for _ in range(users)]
    lines = (line_of(user_id, context(user_id).model_dump_json(exclude_none=True)) for user_id in people)
    path.write_bytes(HEADER + b"".join(lines))
    return path


def _storing(path: Path) -> list[list[float]]:
    data, reference = path.read_bytes(), path.with_name("reference")
    with _manager(path) as manager:
        mine = context(_first_user(manager))
        return interleaved(
            lambda: manager.set_user_context(user_id=mine.user_id, user_context=mine),
            lambda: _write(reference, data),
            rounds=31,
        )


def _write(path: Path, data: bytes) -> None:
    opened = os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(opened, data)
    os.fsync(opened)
    os.close(opened)
    os.replace(f"{path}.new", path)


def _starting(path: Path) -> list[list[float]]:
    with _manager(path) as manager:
        user_id = _first_user(manager)

    def start() -> None:
        with _manager(path) as manager:
            manager.get_user_context(user_id=user_id)

    data = path.read_bytes()
    return interleaved(start, lambda: yaml.load(data, yaml.CSafeLoader), rounds=5)


def _fsyncs(path: Path) -> int:
    with _manager(path) as manager, fsyncs() as counted:
        mine = context(_first_user(manager))
        manager.set_user_context(user_id=mine.user_id, user_context=mine)
    return int(counted.total())


def _first_user(manager: Any) -> str:
    return str(next(manager.contexts.users()))


def _manager(path: Path) -> YAMLTokenManager:
    return YAMLTokenManager("-", INTEGRATION, yml_base=str(path.with_suffix("")))


def _curve(name: str, lines: Sequence[str], times: Sequence[Sequence[Sequence[float]]]) -> Curve:
    milliseconds = {
        line: [statistics.median(of_size[which]) * 1e3 for of_size in times]
        for which, line in enumerate(lines)
    }
    return Curve(name, "users", "milliseconds", USERS, milliseconds)
