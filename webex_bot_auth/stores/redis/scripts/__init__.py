"""Steps that have to be atomic, in Lua."""

from __future__ import annotations

from pathlib import Path


def _read(name: str) -> str:
    return Path(__file__).with_name(f"{name}.lua").read_text(encoding="utf-8")


DONE = _read("done")
DUE = _read("due")
READ = _read("read")
SWAP = _read("swap")
