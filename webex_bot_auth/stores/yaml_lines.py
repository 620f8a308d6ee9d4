"""The format of the file of users: a YAML mapping of user id to ``{user_id, tokens}``, one user a line.

A line is JSON, which is YAML too: a start does not parse ten thousand users, and storing one serialises one.
What older versions or hands wrote in other styles of YAML is read as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import yaml

from ..errors import StoreUnreadable

HEADER = b"# webex-bot-auth: one user a line. Stop the bot before you edit this file.\n"
#: what JSON leaves as it is and YAML does not allow, or takes for a line's end
_NOT_YAML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_LINE = re.compile(rb'("(?:[^"\\]|\\.)*"): ')
#: how deeply other styles of YAML may be nested; libyaml may crash the process at some thousands
MAX_DEPTH = 100
#: how often what stands in the file may be repeated by aliases, on average
MAX_REPEATS = 10


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Leaves dates as they are written: one that is impossible is a matter of its record alone."""


_Loader.add_constructor("tag:yaml.org,2002:timestamp", yaml.SafeLoader.construct_yaml_str)


def line_of(user_id: str, record: str) -> bytes:
    """A user's line with its end, from a record in JSON."""
    text = f"{json.dumps(user_id, ensure_ascii=False)}: {record}\n"
    return _NOT_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode("utf-8")


def record_in(line: bytes) -> bytes:
    """The record, as it was given to :func:`line_of`."""
    return _LINE.sub(b"", line, count=1)


def split(data: bytes, path: str) -> dict[str, bytes]:
    """Lines by user id: our own without parsing what is behind the id, others as YAML."""
    if not data.startswith(HEADER):
        return _from_yaml(data, path)
    lines = {}
    are_all_ours = True
    for line in data[len(HEADER) :].splitlines(keepends=True):
        match = _LINE.match(line)
        user_id = _user_of(match)
        if match is None or user_id is None:
            return _from_yaml(data, path)  # edited by hand
        lines[user_id] = line
        are_all_ours = are_all_ours and line.startswith(b'{"', match.end()) and line.endswith(b"}\n")
    if not are_all_ours:
        try:
            return _from_yaml(data, path)
        except StoreUnreadable:  # a line that is broken stops its user, and no other
            return {user_id: line.rstrip(b"\n") + b"\n" for user_id, line in lines.items()}
    return lines


def _user_of(match: re.Match[bytes] | None) -> str | None:
    try:
        return str(json.loads(match[1])) if match else None
    except ValueError:  # quoted as YAML allows, and JSON does not
        return None


def _from_yaml(data: bytes, path: str) -> dict[str, bytes]:
    try:
        _check_structure(yaml.parse(data, Loader=_Loader), path)
        users: Any = yaml.load(data, Loader=_Loader)  # noqa: S506 (it is a safe loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a number of 5,000 digits, say
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        # from None: YAML's errors quote the line, which holds tokens
        raise StoreUnreadable(path, f"is not YAML{where}; correct it or restore a backup") from None
    if users is None:
        return {}
    if not isinstance(users, dict):
        raise StoreUnreadable(path, "is not a mapping of user ids")
    return {str(user_id): _line_of_yaml(str(user_id), record, path) for user_id, record in users.items()}


def _check_structure(events: Iterable[yaml.Event], path: str) -> None:
    """Refuse what would take all of the stack or memory: deep nesting, and aliases of aliases of aliases.

    Raises:
        StoreUnreadable: it would
    """
    sizes: dict[Any, int] = {}  # by anchor, with all that the aliases within stand for
    around: list[list[Any]] = []  # anchor and size of each collection that has not ended yet
    for written, event in enumerate(events):
        size = 0
        if isinstance(event, yaml.CollectionStartEvent):
            around.append([event.anchor, 1])
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = around.pop()
            sizes[anchor] = size
        elif isinstance(event, yaml.NodeEvent):
            size = sizes.get(event.anchor, 1) if isinstance(event, yaml.AliasEvent) else 1
        if around:
            around[-1][1] += size
        if len(around) > MAX_DEPTH or size > MAX_REPEATS * (written + MAX_DEPTH):
            raise StoreUnreadable(path, "is nested too deeply, or repeats itself too often by aliases")


def _line_of_yaml(user_id: str, record: Any, path: str) -> bytes:
    try:
        return line_of(user_id, json.dumps(record, default=str))
    except (TypeError, ValueError, RecursionError):  # a date as key, or a record that contains itself
        raise StoreUnreadable(f"{path}, user {user_id}", "is not a record; correct it by hand") from None
