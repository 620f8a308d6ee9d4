"""With encryption keys, stored tokens can be read only with a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from redis import Redis
from support.contexts import expiring
from support.leaks import issued_secrets, leaked
from support.makers import KEY, NEW_KEY, Make
from support.stored_content import StoredContent
from support.wording import TEXTS, sentence_of
from wxc_sdk.integration import Integration

from webex_bot_auth.errors import SettingError, StoreUnreadable, WrongKey
from webex_bot_auth.logins.desk import WaitingCommand
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing.redirects import came_back
from webex_bot_auth.testing.sample_contexts import context


@pytest.fixture(params=["yaml", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoredContent]:
    if request.param == "yaml":
        yield StoredContent(request.getfixturevalue("yaml_manager"), folder=tmp_path)
    else:
        with Redis.from_url(request.getfixturevalue("redis_url")) as redis:
            yield StoredContent(request.getfixturevalue("redis_manager"), redis=redis)


@pytest.mark.holds(19)
def test_an_encrypted_store_shows_no_token_and_no_verifier(
    cloud: Sandbox, integration: Integration, store: StoredContent
) -> None:
    alice, bot_token = cloud.add_person("Alice Adams"), cloud.add_bot("Echo Bot").token
    with store.make(bot_token, integration, encryption_keys=[NEW_KEY]) as manager:
        command = WaitingCommand(
            user_id=alice.id,
            kind="message",
            id="m",
            display_name="echo",
            activity={"says": "what-alice-said"},
        )
        manager.asking.ask(alice.id, command=command)
        url = manager.asking.url(alice.id)
        dumps = [store.dump()]
        manager.process_redirect(**came_back(cloud, url, alice))
        dumps.append(store.dump())
        pending = manager.asking.url(alice.id)
        stored = manager.get_user_context(user_id=alice.id)
        assert stored
        manager.set_user_context(user_id=alice.id, user_context=expiring(stored, -1))
        refreshed = manager.get_user_context_and_refresh(user_id=alice.id)
        assert refreshed
        dumps.append(store.dump())
        manager.process_redirect(**came_back(cloud, pending, alice))
    tokens = {value for value in issued_secrets(cloud) if value not in (url, pending)}
    states = {parse_qs(urlsplit(address).query)["state"][0] for address in (url, pending)}
    hidden = (tokens - states) | {"what-alice-said"}
    assert len(hidden) > 7
    assert "code_verifier" in cloud.calls.exchanges()[1].form
    for dump in dumps:
        assert leaked(hidden, dump.decode()) == []


@pytest.mark.holds(19)
def test_the_record_of_one_user_cannot_be_decrypted_for_another(
    integration: Integration, store: StoredContent
) -> None:
    with store.make("bot-token", integration, encryption_keys=[NEW_KEY]) as manager:
        for user_id in ("alice", "bob"):
            manager.set_user_context(user_id=user_id, user_context=context(user_id, f"token of {user_id}"))
        bobs = store.record("bob")
        for moved in (store.record("alice"), {**store.record("alice"), "user_id": "bob"}):
            store.put("bob", moved)
            with pytest.raises(WrongKey, match="bob"):
                manager.get_user_context(user_id="bob")
            with pytest.raises(WrongKey, match="bob"):
                manager.get_user_context_and_refresh(user_id="bob")
        assert manager.get_user_context(user_id="alice") == context("alice", "token of alice")
        store.put("bob", bobs)
        assert manager.get_user_context(user_id="bob") == context("bob", "token of bob")


@pytest.mark.holds(19)
def test_the_plain_record_of_one_user_is_not_accepted_for_another(
    integration: Integration, store: StoredContent
) -> None:
    with store.make("bot-token", integration) as manager:
        for user_id in ("alice", "bob"):
            manager.set_user_context(user_id=user_id, user_context=context(user_id))
        store.put("bob", store.record("alice"))
        with pytest.raises(StoreUnreadable, match="bob"):
            manager.get_user_context(user_id="bob")


@pytest.mark.holds(19)
@pytest.mark.parametrize("changed", range(4))
def test_a_record_that_was_changed_cannot_be_decrypted(
    integration: Integration, store: StoredContent, changed: int
) -> None:
    with store.make("bot-token", integration, encryption_keys=[NEW_KEY]) as manager:
        manager.set_user_context(user_id="alice", user_context=context("alice"))
        record = store.record("alice")
        version, key_id, body = record["sealed"].split(".")
        flipped = body[:20] + ("A" if body[20] != "A" else "B") + body[21:]
        sealed = [
            f"v0.{key_id}.{body}",
            f"{version}.00000000.{body}",
            f"{version}.{key_id}.{flipped}",
            "nonsense",
        ]
        store.put("alice", {**record, "sealed": sealed[changed]})
        with pytest.raises(WrongKey, match="alice"):
            manager.get_user_context(user_id="alice")


@pytest.mark.holds(19)
@pytest.mark.parametrize("keys", [[KEY], []], ids=["another key", "no key"])
def test_a_wrong_key_is_a_clear_error_and_nothing_is_deleted(
    integration: Integration, store: StoredContent, keys: list[str]
) -> None:
    with store.make("bot-token", integration, encryption_keys=[NEW_KEY]) as right:
        right.set_user_context(user_id="alice", user_context=expiring(context("alice"), -1, 1000))
        before = store.record("alice")
        with store.make("bot-token", integration, encryption_keys=keys) as wrong:
            attempts: list[Callable[[], Any]] = [
                lambda: wrong.get_user_context(user_id="alice"),
                lambda: wrong.get_user_context_and_refresh(user_id="alice"),
                lambda: wrong.contexts.replace(context("alice"), None),
            ]
            for attempt in attempts:
                with pytest.raises(WrongKey, match=r"alice.*encryption_keys"):
                    attempt()
            assert store.record("alice") == before
            wrong.set_user_context(user_id="bob", user_context=context("bob"))
            wrong.set_user_context(user_id="bob")
        assert store.record("alice") == before
        assert right.get_user_context(user_id="alice")


@pytest.mark.holds(58)
@pytest.mark.parametrize("keys", [[KEY], []], ids=["another key", "no key"])
def test_a_logout_deletes_what_no_key_opens(
    integration: Integration, store: StoredContent, keys: list[str]
) -> None:
    with (
        store.make("bot-token", integration, encryption_keys=[NEW_KEY]) as right,
        store.make("bot-token", integration, encryption_keys=keys) as wrong,
    ):
        right.set_user_context(user_id="alice", user_context=context("alice"))
        assert wrong.logout(user_id="alice") is False
        assert right.get_user_context(user_id="alice") is None


@pytest.mark.holds(19)
def test_keys_rotate_the_first_encrypts_and_all_decrypt(
    integration: Integration, store: StoredContent
) -> None:
    users = ("alice", "bob")
    with store.make("bot-token", integration, encryption_keys=[KEY]) as manager:
        for user_id in users:
            manager.set_user_context(user_id=user_id, user_context=context(user_id))
    with store.make("bot-token", integration, encryption_keys=[NEW_KEY, KEY]) as manager:
        for user_id in users:
            assert manager.get_user_context(user_id=user_id) == context(user_id)
        manager.set_user_context(user_id="alice", user_context=context("alice", "newer"))
        assert manager.contexts.replace(context("bob"), context("bob", "newer"))
    with store.make("bot-token", integration, encryption_keys=[KEY]) as manager, pytest.raises(WrongKey):
        manager.get_user_context(user_id="alice")
    with store.make("bot-token", integration, encryption_keys=[NEW_KEY]) as manager:
        for user_id in users:
            assert manager.get_user_context(user_id=user_id) == context(user_id, "newer")


@pytest.mark.holds(19)
def test_a_flow_survives_the_rotation_of_keys(
    cloud: Sandbox, integration: Integration, redis_manager: Make
) -> None:
    alice, bot_token = cloud.add_person("Alice Adams"), cloud.add_bot("Echo Bot").token
    with (
        redis_manager(bot_token, integration, encryption_keys=[KEY]) as old,
        redis_manager(bot_token, integration, encryption_keys=[NEW_KEY, KEY]) as new,
    ):
        back = came_back(cloud, old.asking.url(alice.id), alice)
        assert new.process_redirect(**back) == sentence_of(TEXTS.page_done)


@pytest.mark.holds(19)
def test_plain_records_are_read_and_encrypted_with_the_next_write(
    integration: Integration, store: StoredContent
) -> None:
    plain = context("alice", "token of alice")
    with store.make("bot-token", integration) as manager:
        manager.set_user_context(user_id="alice", user_context=plain)
        assert b"token of alice" in store.dump()
    with store.make("bot-token", integration, encryption_keys=[NEW_KEY]) as manager:
        assert manager.get_user_context(user_id="alice") == plain
        assert manager.contexts.replace(plain, plain)
        assert b"token of alice" not in store.dump()
        assert manager.get_user_context(user_id="alice") == plain


def test_plain_records_can_be_refused(integration: Integration, either_manager: Make) -> None:
    word = context("alice", access_token='what says "sealed" itself')
    with either_manager("token", integration) as manager:
        manager.set_user_context(user_id="alice", user_context=word)
    with either_manager("token", integration, encryption_keys=[KEY], accept_plain=False) as manager:
        with pytest.raises(StoreUnreadable, match="is not encrypted"):
            manager.get_user_context(user_id="alice")
        manager.set_user_context(user_id="alice", user_context=word)
        assert manager.get_user_context(user_id="alice") == word
    with pytest.raises(SettingError, match="accept_plain"):
        either_manager("token", integration, accept_plain=False)


@pytest.mark.holds(19)
def test_the_same_tokens_are_never_encrypted_to_the_same_text(
    integration: Integration, store: StoredContent
) -> None:
    sealed = set()
    with store.make("bot-token", integration, encryption_keys=[NEW_KEY]) as manager:
        for _ in range(20):
            manager.set_user_context(user_id="alice", user_context=context("alice"))
            sealed.add(store.record("alice")["sealed"])
    assert len(sealed) == 20
