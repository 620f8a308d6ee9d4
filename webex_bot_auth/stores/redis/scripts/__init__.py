"""Steps that have to be atomic, in Lua. Each touches one key, so that a cluster may spread the keys."""

from __future__ import annotations

from pathlib import Path


def _read(name: str) -> str:
    return Path(__file__).with_name(f"{name}.lua").read_text(encoding="utf-8")


COUNT = _read("count")
DUE = _read("due")
PUSH = _read("push")
SCHEDULE = _read("schedule")
SWAP = _read("swap")
TAKE = _read("take")
TAKE_ALL = _read("take_all")
UNLOCK = _read("unlock")
