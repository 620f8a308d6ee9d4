"""Two bots on one store, without a prefix: each login, card, event, command and poll belongs to its bot."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
import redis
from support.contexts import expiring
from support.makers import KEY, NEW_KEY, Make
from support.redis_stores import events_of
from support.whoami import Whoami
from wxc_sdk.integration import Integration

from webex_bot_auth import TokenManager
from webex_bot_auth.administration import main
from webex_bot_auth.errors import WrongKey
from webex_bot_auth.logins.desk import MAX_LOGIN_CARDS, WaitingCommand, ask
from webex_bot_auth.models import Outcome, UserContext
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.testing.contract.resuming import released
from webex_bot_auth.testing.redirects import came_back, log_in
from webex_bot_auth.testing.sample_contexts import context

Pair = tuple[TokenManager, TokenManager]
MakePair = Callable[..., Pair]


@pytest.fixture
def make_pair(cloud: Sandbox, every_manager: Make) -> Iterator[MakePair]:
    """Makes two bots' managers over one store, with one integration or two."""
    with ExitStack() as managers:

        def make(*, integrations: int = 2, **options: Any) -> Pair:
            one = cloud.integration()
            used = (one, cloud.integration() if integrations == 2 else one)
            tokens = [cloud.add_bot(name).token for name in ("One Bot", "Other Bot")]
            made = [
                managers.enter_context(every_manager(token, integration, **options))
                for token, integration in zip(tokens, used, strict=True)
            ]
            return made[0], made[1]

        yield make


def stored(manager: TokenManager, person: Person) -> UserContext | None:
    return manager.get_user_context(user_id=person.id)


@pytest.mark.holds(45)
def test_bots_with_two_integrations_keep_their_logins_apart(
    make_pair: MakePair, cloud: Sandbox, alice: Person
) -> None:
    one, other = make_pair()
    log_in(cloud, one, alice)
    ones = stored(one, alice)
    assert ones
    assert stored(other, alice) is None
    assert other.get_user_context_and_refresh(user_id=alice.id) is None
    assert other.logout(user_id=alice.id) is None
    log_in(cloud, other, alice)
    others = stored(other, alice)
    assert others
    assert stored(one, alice) == ones != others
    for manager, before in ((one, ones), (other, others)):
        manager.set_user_context(user_id=alice.id, user_context=expiring(before, -1))
        refreshed = manager.get_user_context_and_refresh(user_id=alice.id)
        assert refreshed
        assert refreshed.tokens.access_token != before.tokens.access_token
        assert stored(manager, alice) == refreshed
    assert [call.status for call in cloud.calls.refreshes()] == [200, 200]
    others = stored(other, alice)
    assert one.logout(user_id=alice.id) is not None
    assert stored(one, alice) is None
    assert stored(other, alice) == others
    log_in(cloud, one, alice)
    assert stored(other, alice) == others
    for manager in (other, one):
        manager.logout(user_id=alice.id)
        assert stored(manager, alice) is None
    assert list(one.contexts.users()) == []  # type: ignore[attr-defined]


@pytest.mark.holds(45)
def test_bots_with_one_integration_share_users_and_nothing_else(
    redis_manager: Make, cloud: Sandbox, alice: Person
) -> None:
    integration = cloud.integration()
    bots = [redis_manager(cloud.add_bot(name).token, integration) for name in ("One Bot", "Other Bot")]
    with bots[0] as one, bots[1] as other:
        for _ in range(MAX_LOGIN_CARDS):
            assert one.request_login(user_id=alice.id)
        assert not one.request_login(user_id=alice.id)
        assert other.request_login(user_id=alice.id)  # has sent none so far
        command = WaitingCommand(user_id=alice.id, kind="message", id="m", display_name="x", activity={})
        one.desks.change(alice.id, partial(ask, flow=None, command=command, seconds=600.0))
        log_in(cloud, other, alice)
        assert released(other, alice.id) == released(one, alice.id) == []
        log_in(cloud, one, alice)
        assert released(one, alice.id) == ["x"]
        assert released(other, alice.id) == []
        assert stored(one, alice) == stored(other, alice)
        assert events_of(one).claim("event", alice.id)
        assert events_of(other).claim("event", alice.id)
        assert not events_of(one).claim("event", alice.id)


@pytest.mark.holds(45)
@pytest.mark.parametrize("integrations", [1, 2])
def test_a_login_that_comes_back_to_another_bot_is_not_used_up(
    redis_manager: Make, cloud: Sandbox, alice: Person, integrations: int
) -> None:
    one_integration = cloud.integration()
    other_integration = one_integration if integrations == 1 else cloud.integration()
    with (
        redis_manager(cloud.add_bot("One Bot").token, one_integration) as one,
        redis_manager(cloud.add_bot("Other Bot").token, other_integration) as other,
    ):
        answer = came_back(cloud, one.asking.url(alice.id), alice)
        cloud.calls.clear()
        for ended in ({"code": answer["code"]}, {"error": "access_denied"}):
            assert other.finish_login(flow_id=answer["flow_id"], **ended).outcome is Outcome.NO_SUCH_FLOW
        assert list(cloud.calls) == []
        assert one.finish_login(**answer).outcome is Outcome.DONE


@pytest.mark.holds(45)
@pytest.mark.parametrize("integrations", [1, 2])
def test_each_bot_polls_for_its_own_device_logins(
    webex_sandbox: WebexSandbox, redis_manager: Make, integrations: int
) -> None:
    webex_sandbox.oauth.device_interval = 1
    first = webex_sandbox.integration()
    used = {"One Bot": first, "Other Bot": first if integrations == 1 else webex_sandbox.integration()}
    people = [webex_sandbox.add_person(f"Person {number}") for number in range(6)]
    bots = [
        webex_sandbox.run(
            Whoami,
            name=name,
            manager=lambda token, _, one=one: redis_manager(token, one, login_flow="device"),
        )
        for name, one in used.items()
    ]
    asked = [
        (bots[number % 2], person, bots[number % 2].hears(person, "whoami"))
        for number, person in enumerate(people)
    ]
    for bot, person, _ in asked:
        assert bot.press_login(bot.login_card(person), person).status_code == 200
    for bot, person, message in asked:
        assert bot.answer_to(message, f"You are {person.display_name}")
    for number, person in enumerate(people):
        assert bots[1 - number % 2].said(person) == []


@pytest.mark.holds(53)
def test_a_record_sealed_for_one_bot_does_not_open_for_another(
    redis_manager: Make, client: redis.Redis, cloud: Sandbox
) -> None:
    with (
        redis_manager("one", cloud.integration(), encryption_keys=[KEY]) as one,
        redis_manager("other", cloud.integration(), encryption_keys=[KEY], key_prefix="other:") as other,
    ):
        one.set_user_context(user_id="alice", user_context=context("alice"))
        other.set_user_context(user_id="alice", user_context=context("alice", "others"))
        record, others = (
            json.loads(client.get("user-alice") or ""),
            json.loads(client.get("other:user-alice") or ""),
        )
        client.set("other:user-alice", json.dumps(record))
        assert other.get_user_context(user_id="alice") is None  # it says whose it is
        without = {name: value for name, value in record.items() if name != "integration"}
        for moved in ({**others, "sealed": record["sealed"]}, without):
            client.set("other:user-alice", json.dumps(moved))
            with pytest.raises(WrongKey, match="alice"):
                other.get_user_context(user_id="alice")


@pytest.mark.holds(53)
def test_what_was_sealed_before_is_read_and_rotate_binds_it(
    either_manager: Make, cloud: Sandbox, integration: Integration, client: redis.Redis, tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    earlier = cloud.integration()
    earlier.client_id = "-"  # names no integration, as before
    users = ("alice", "bob")
    with either_manager("token", earlier, encryption_keys=[KEY]) as manager:
        for user_id in users:
            manager.set_user_context(user_id=user_id, user_context=context(user_id))
    other = cloud.integration()
    with (
        either_manager("token", integration, encryption_keys=[NEW_KEY, KEY]) as manager,
        either_manager("other", other, encryption_keys=[NEW_KEY, KEY]) as stranger,
    ):
        for user_id in users:
            assert manager.get_user_context(user_id=user_id) == context(user_id)
        assert manager.contexts.rotate().changed == 2  # type: ignore[attr-defined]
        assert manager.contexts.rotate().changed == 0  # type: ignore[attr-defined]
        assert stranger.get_user_context(user_id="alice") is None
        stranger.set_user_context(user_id="alice", user_context=context("alice", "strangers"))
    # the command line knows no integration, and reads all
    where = ["--redis-url", "env"] if client.exists("user-alice") else ["--yaml", str(tmp_path / "tokens")]
    port = client.connection_pool.connection_kwargs
    monkeypatch.setenv("REDIS_URL", f"redis://{port.get('host', '127.0.0.1')}:{port.get('port')}/0")
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", f"{KEY},{NEW_KEY}")
    monkeypatch.delenv("WEBEX_CLIENT_ID", raising=False)
    assert main([*where, "rotate"]) == 0
    with (
        either_manager("token", integration, encryption_keys=[KEY]) as manager,
        either_manager("other", other, encryption_keys=[KEY]) as stranger,
    ):
        assert manager.get_user_context(user_id="alice") == context("alice")
        assert stranger.get_user_context(user_id="alice") == context("alice", "strangers")
