"""One record, name or date that is impossible, and a terminal that cannot show a name, end no listing."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import redis
from support.doctor import Doctor
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.__main__ import main
from webex_bot_auth.stores.yaml_file import YAMLUserStore
from webex_bot_auth.testing.contract.user_stores import write
from webex_bot_auth.testing.sample_contexts import context

pytestmark = pytest.mark.usefixtures("no_settings")
Capsys = pytest.CaptureFixture[str]

NAMES = [
    "Jürgen Müller", "Łukasz Żółć", "山田太郎", "عمر", "😀", "e\u0301", "zero\u200bwidth", "\u202ereversed",
    "new\nline", "\x1b[2Jclear", "\x9b31m", "n\0ul", "a" * 300, "\u00a0", "\ufeff", "“quoted”", "tab\tname",
    "half \ud800", "\udcff",
]  # fmt: skip

#: dates that Python, UTC or a calendar does not have
DATES = [
    "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-00:01",
    "0001-01-01T00:00:00+00:01", "0001-01-01T00:00:00", "9999-12-31T23:59:59Z", "2026-13-45",
    "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00+99:00", "2026-01-01T00:00:00+23:59",
    "0000-00-00", "", "soon", "99999999999999999999", "-1", "1e400", "NaN", None, True, [], {}, -62135596801,
    253402300800, 1e308,
]  # fmt: skip


def write_all(path: Path, records: dict[str, dict[str, Any]]) -> None:
    store = YAMLUserStore(str(path))
    for user_id, record in records.items():
        write(store, user_id, json.dumps(record))


def written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode(stream.encoding)


@pytest.mark.holds(74)
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-16"])
def test_names_that_the_terminal_cannot_show_are_written_with_escapes(
    tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_all(
        tmp_path / "tokens.yml",
        {
            f"user {number}": {**context(f"user {number}").model_dump(mode="json"), "display_name": name}
            for number, name in enumerate(NAMES)
        },
    )
    for options in ([], ["--json"]):
        streams = [io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2)]
        with monkeypatch.context() as terminal:
            terminal.setattr(sys, "stdout", streams[0])
            terminal.setattr(sys, "stderr", streams[1])
            main(["--yaml", str(tmp_path / "tokens"), "users", *options])
        said, errors = (written(stream) for stream in streams)
        assert len(errors.splitlines()) == 2, "half of a character is no text"
        assert all("tokens.yml, user user " in line for line in errors.splitlines())
        rows = json.loads(said) if options else [line for line in said.splitlines() if "  2031-" in line]
        assert len(rows) == len(NAMES) - 2
        assert all(line.isprintable() for line in said.splitlines())


@pytest.mark.holds(74)
@pytest.mark.parametrize("field", ["expires_at", "refresh_token_expires_at"])
@pytest.mark.parametrize("as_lines", [True, False])
def test_impossible_dates_leave_all_other_rows(
    tmp_path: Path, capsys: Capsys, field: str, as_lines: bool
) -> None:
    tokens = {"access_token": "a", "refresh_token": "r", "scope": "spark:people_read"}
    records = {
        f"odd {number}": {"user_id": f"odd {number}", "tokens": {**tokens, field: date}}
        for number, date in enumerate(DATES)
    }
    records |= {name: {"user_id": name, "tokens": tokens} for name in ("alice", "zoe")}
    path = tmp_path / "tokens.yml"
    if as_lines:
        write_all(path, records)
    else:  # as a hand writes them: without quotes, so that YAML takes them for dates
        lines = [
            f"{name}: {{user_id: {name}, tokens: {{access_token: a, refresh_token: r, {field}: {date}}}}}\n"
            for name, date in ((f"odd {number}", date) for number, date in enumerate(DATES[:13]))
        ]
        path.write_text("".join(lines) + f"alice: {json.dumps(records['alice'])}\n")
    status = main(["--yaml", str(path), "users", "--verbose"])
    said = capsys.readouterr()
    names = {line.partition("  ")[0].strip() for line in said.out.splitlines()}
    assert "alice" in names
    number = len(records) if as_lines else 14
    listed = {name for name in names if name.startswith(("odd", "alice", "zoe"))}
    assert len(listed) + said.err.count("user odd ") == number
    assert {"odd 0", "odd 1"} <= listed
    assert status == ("odd" in said.err)
    main(["--yaml", str(path), "users", "--json"])
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows.keys() == listed


def test_a_key_of_another_type_leaves_all_other_rows(
    redis_url: str, client: redis.Redis, integration: Integration, capsys: Capsys
) -> None:
    with RedisTokenManager("token", integration, redis_url=redis_url) as manager:
        for name in ("alice", "bob", "carol"):
            manager.set_user_context(user_id=name, user_context=context(name))
    client.delete("user-bob")
    client.lpush("user-bob", "another application's")
    assert main(["--redis-url", redis_url, "users"]) == 1
    said = capsys.readouterr()
    assert {line.split()[0] for line in said.out.splitlines()[1:3]} == {"alice", "carol"}
    assert "user-bob: another application has this name for something else (WRONGTYPE)" in said.err
    assert main(["--redis-url", redis_url, "logout", "nobody@example.com", "--force"]) == 1
    assert "nobody with this address" in capsys.readouterr().err
    assert Doctor(["--redis-url", redis_url], capsys).line("records").startswith("error: 1 of 3 are damaged")
