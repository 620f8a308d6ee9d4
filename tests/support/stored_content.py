"""The content of a store, as an attacker sees it who has the file or the database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from .makers import Make


class StoredContent:
    """A YAML file or a Redis database, read and written without a manager.

    Args:
        make: makes managers over it
        folder: where the YAML file lies
        redis: a client of the database, if it is one
    """

    def __init__(self, make: Make, *, folder: Path | None = None, redis: Any = None) -> None:
        self.make = make
        self._folder = folder
        self._redis = redis

    def dump(self) -> bytes:
        """All that is stored."""
        if self._folder:
            return b"\n".join(path.read_bytes() for path in sorted(self._folder.rglob("*")) if path.is_file())
        return b"\n".join(key + b" " + self._value(key) for key in sorted(self._redis.keys()))

    def _value(self, key: bytes) -> bytes:
        kind = self._redis.type(key)
        if kind == b"set":
            return b" ".join(sorted(self._redis.smembers(key)))
        if kind == b"list":
            return b" ".join(self._redis.lrange(key, 0, -1))
        if kind == b"hash":
            return b" ".join(b" ".join(pair) for pair in sorted(self._redis.hgetall(key).items()))
        if kind == b"zset":
            return b" ".join(self._redis.zrange(key, 0, -1))
        if kind == b"none":  # it has gone since
            return b""
        assert kind == b"string"
        return bytes(self._redis.get(key))

    def record(self, user_id: str) -> dict[str, Any]:
        """One user's record as it is stored."""
        if self._redis:
            record: dict[str, Any] = json.loads(self._redis.get(f"user-{user_id}"))
            return record
        return {**self._file()[user_id]}

    def put(self, user_id: str, record: dict[str, Any]) -> None:
        """Replace one user's record."""
        if self._redis:
            self._redis.set(f"user-{user_id}", json.dumps(record))
        else:
            assert self._folder
            (self._folder / "tokens.yml").write_text(json.dumps({**self._file(), user_id: record}))

    def _file(self) -> dict[str, Any]:
        assert self._folder
        users: dict[str, Any] = yaml.safe_load((self._folder / "tokens.yml").read_bytes())
        return users
