"""``copy``: every user's tokens from each kind of store to each, sealed or not."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from support.makers import KEY, NEW_KEY, Make
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager, SQLTokenManager, UserContext, YAMLTokenManager
from webex_bot_auth.administration.command_line import main
from webex_bot_auth.testing.sample_contexts import context

KINDS = ("yaml", "redis", "sql")


def expiring(user_id: str, hours: int) -> UserContext:
    """A context whose access token expires after so many hours."""
    made = context(user_id)
    made.tokens.access_token = f"for {hours} hours"
    made.tokens.expires_at = datetime.now(timezone.utc) + timedelta(hours=hours)
    return made


@pytest.fixture
def stores(
    tmp_path: Any, client: Any, redis_url: str, no_settings: None, integration: Integration
) -> dict[str, tuple[str, Make]]:
    """For each end and kind, what names the store on the command line, and what makes a manager over it."""

    def make(kind: str, end: str) -> tuple[list[str], Make]:
        place = f"sqlite:///{tmp_path / end}.db" if kind == "sql" else str(tmp_path / end)

        def manager(**options: Any) -> Any:
            if kind == "redis":
                return RedisTokenManager(
                    "token", integration, redis_url=redis_url, key_prefix=f"{end}:", **options
                )
            made: Any = YAMLTokenManager if kind == "yaml" else SQLTokenManager
            return made("token", integration, place, **options)

        to = "--to-" if end == "target" else "--"
        if kind == "redis":
            return [f"{to}redis-url", redis_url, f"{to}key-prefix", f"{end}:"], manager
        return [f"{to}{kind}" + ("-url" if kind == "sql" else ""), place], manager

    return {f"{end} {kind}": make(kind, end) for kind in KINDS for end in ("source", "target")}  # type: ignore[misc]


@pytest.mark.parametrize("is_sealed", [False, True], ids=["plain", "sealed"])
@pytest.mark.parametrize("to", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_all_records_go_to_the_other_store_and_again_is_harmless(
    stores: Any, kind: str, to: str, is_sealed: bool, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], integration: Integration,
) -> None:  # fmt: skip
    (source, make_source), (target, make_target) = stores[f"source {kind}"], stores[f"target {to}"]
    keys, to_keys = ([KEY], [NEW_KEY]) if is_sealed else ([], [])
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", ",".join(keys))
    monkeypatch.setenv("WEBEX_BOT_AUTH_TO_KEYS", ",".join(to_keys))
    with make_source(encryption_keys=keys) as one, make_target(encryption_keys=to_keys) as other:
        for user_id in ("alice", "bob", "carol"):
            one.set_user_context(user_id=user_id, user_context=expiring(user_id, 2))
        own = integration.client_id
        integration.client_id = "another-integration"
        with make_source(encryption_keys=keys) as second:
            second.set_user_context(user_id="alice", user_context=expiring("alice", 9))
        integration.client_id = own
        newer, older = expiring("bob", 3), expiring("carol", 1)
        other.set_user_context(user_id="bob", user_context=newer)
        other.set_user_context(user_id="carol", user_context=older)
        assert main([*source, "copy", *target]) == 0
        assert capsys.readouterr().out.startswith("records copied: 3; ")
        for user_id in ("alice", "carol"):
            assert other.get_user_context(user_id=user_id) == one.get_user_context(user_id=user_id)
        assert other.get_user_context(user_id="bob") == newer
        assert len(list(other.contexts.store.users())) == 4  # both of Alice's
        assert (b"sealed" in bytes(str(other.contexts.store.read("alice")), "utf-8")) is is_sealed
        assert main([*source, "copy", *target]) == 0
        assert capsys.readouterr().out.startswith("records copied: 0; ")
        assert len(list(one.contexts.store.users())) == 4


def test_records_that_cannot_be_read_are_named_and_the_rest_goes_on(
    stores: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (source, make_source), (target, make_target) = stores["source yaml"], stores["target sql"]
    with make_source(encryption_keys=[KEY]) as sealed:
        sealed.set_user_context(user_id="alice", user_context=context("alice"))
    with make_source() as plain:
        plain.set_user_context(user_id="bob", user_context=context("bob"))
    assert main([*source, "copy", *target]) == 1
    told = capsys.readouterr()
    assert told.out.startswith("records copied: 1; ")
    assert "user alice: is encrypted" in told.err
    assert "records not copied: 1" in told.err
    with make_target() as other:
        assert list(other.contexts.users()) == ["bob"]
