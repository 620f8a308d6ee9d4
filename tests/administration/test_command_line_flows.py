"""``flows`` lists the logins that are pending."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import redis
from support.makers import KEY, Make
from wxc_sdk.integration import Integration

from webex_bot_auth.__main__ import main
from webex_bot_auth.ground.clock import utc_now
from webex_bot_auth.models import reference

pytestmark = pytest.mark.usefixtures("no_settings")


def test_flows_lists_pending_logins_in_redis(
    redis_url: str, redis_manager: Make, integration: Integration,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with (
        redis_manager("token", integration, key_prefix="mine:") as plain,
        redis_manager("token", integration, key_prefix="mine:", encryption_keys=[KEY]) as sealed,
    ):
        used, readable = (plain.start_flow(user_id="alice") for _ in range(2))
        other = sealed.start_flow(user_id="bob")  # one bot with two settings would replace a person's desk
        plain.finish_login(flow_id=used, error="access_denied")
    arguments = ["--redis-url", redis_url, "--key-prefix", "mine:", "flows"]
    assert main(arguments) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == "pending logins: 2"
    assert sorted(lines) == sorted(
        [
            f"{reference(readable)}  expires in 10 min",
            f"{reference(other)}  expires in 10 min, encrypted with other keys",
        ]
    )
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", KEY)
    monkeypatch.setenv("REDIS_KEY_PREFIX", "mine:")
    assert main(["--redis-url", redis_url, "flows", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {flow["reference"] for flow in listed} == {reference(readable), reference(other)}
    assert all(flow["readable"] and 540 < flow["seconds_left"] <= 600 for flow in listed)


def test_flows_of_earlier_installations_come_last(
    redis_url: str, redis_manager: Make, integration: Integration, client: redis.Redis,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """These have no expiry, and the set lists their keys."""
    old = "0b1f9f46-7f0e-4a5e-9d3c-1f2e3d4c5b6a"
    client.set(f"flows-{old}", json.dumps({"user_id": "alice", "created": utc_now().isoformat()}))
    client.sadd("flows", f"flows-{old}")
    with redis_manager("token", integration) as manager:
        new = manager.start_flow(user_id="alice")
    assert main(["--redis-url", redis_url, "flows", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [flow["reference"] for flow in listed] == [reference(new), reference(old)]
    assert all(flow["readable"] for flow in listed)
    assert listed[1]["seconds_left"] is None


def test_flows_of_a_file_are_in_the_bots_own_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--yaml", str(tmp_path / "tokens"), "flows"]) == 0
    assert "the bot's own process" in capsys.readouterr().err
    assert main(["--yaml", str(tmp_path / "tokens"), "flows", "--json"]) == 0
    assert capsys.readouterr().out == "null\n"
