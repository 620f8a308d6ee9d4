"""``close()`` comes to an end wherever it is called, and nothing is left."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from support.contexts import expiring
from support.makers import Make
from support.refreshing import put, stored
from support.waiting import wait_until
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from webex_bot_auth import RedisTokenManager, TokenManager, UserContext
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.signals import logged_in as logged_in_signal
from webex_bot_auth.signals import refreshed
from webex_bot_auth.testing.redirects import log_in

OwnThreads = Callable[[], set[str]]


@pytest.fixture
def own_threads() -> OwnThreads:
    """Names of this package's threads that were started since: other tests' managers may still have some."""
    before = set(threading.enumerate())
    return lambda: {
        one.name for one in set(threading.enumerate()) - before if one.name.startswith("webex_bot_auth")
    }


@pytest.mark.timeout(60)
@pytest.mark.parametrize("lock", ["login", "refresh"])
def test_a_signal_that_comes_while_a_lock_is_held(
    yaml_manager: Make, cloud: Sandbox, alice: Person, monkeypatch: pytest.MonkeyPatch, lock: str,
    own_threads: OwnThreads,
) -> None:  # fmt: skip
    """As when SIGTERM comes while the bot's main thread starts a login, or a refresh in the background."""
    monkeypatch.setattr("webex_bot_auth.ground.bounded_close.CLOSE_SECONDS", 1.0)
    interrupted: list[Any] = []

    def interrupt() -> None:
        interrupted.append(None)
        signal.raise_signal(signal.SIGUSR1)

    def thread(**options: Any) -> threading.Thread:
        interrupt()
        return threading.Thread(**options)

    if lock == "refresh":
        monkeypatch.setattr("webex_bot_auth.logins.refresh.ThreadPoolExecutor", Interrupting(interrupt))
    manager = yaml_manager(cloud.add_bot("Echo Bot").token, cloud.integration(), login_flow="device")
    before = signal.signal(signal.SIGUSR1, lambda *_: manager.close())
    try:
        if lock == "login":
            parts = SimpleNamespace(
                Event=threading.Event, Thread=thread, current_thread=threading.current_thread
            )
            monkeypatch.setattr("webex_bot_auth.stores.agenda.threading", parts)
            manager.request_login(user_id=alice.id)
        else:
            context = UserContext(user_id=alice.id, tokens=some_tokens())
            put(manager, expiring(context, 60, 1000))
            assert manager.get_user_context_and_refresh(user_id=alice.id)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert interrupted
    manager.close()
    wait_until(lambda: not own_threads(), "all threads have ended")


def test_after_closing_a_token_is_used_and_refreshed_no_more(
    yaml_manager: Make, integration: Integration, own_threads: OwnThreads
) -> None:
    """A web app may still ask while it stops; so it may at the very end, when no thread can be started."""
    manager = yaml_manager("token", integration)
    context = put(manager, expiring(UserContext(user_id="alice", tokens=some_tokens()), 60, 1000))
    manager.close()
    for _ in range(2):
        assert manager.get_user_context_and_refresh(user_id="alice") == context
    assert not own_threads()


def some_tokens() -> Tokens:
    return Tokens(access_token="access", refresh_token="refresh")


class Interrupting:
    def __init__(self, interrupt: Any) -> None:
        self._interrupt = interrupt

    def __call__(self, **_: Any) -> Any:
        return self

    def submit(self, *_: Any) -> None:
        self._interrupt()

    def shutdown(self, **_: Any) -> None: ...


@pytest.mark.timeout(60)
def test_a_handler_of_our_own_signals_may_close(
    either_manager: Make, cloud: Sandbox, alice: Person, caplog: pytest.LogCaptureFixture,
    own_threads: OwnThreads,
) -> None:  # fmt: skip
    cloud.oauth.device_interval = 1
    token = cloud.add_bot("Echo Bot").token
    closed = threading.Event()

    def close(manager: TokenManager, *, user_id: str) -> None:
        manager.close()
        closed.set()

    manager = either_manager(token, cloud.integration())
    log_in(cloud, manager, alice)
    put(manager, expiring(stored(manager, alice), 60))
    with refreshed.connected_to(close, sender=manager):
        assert manager.get_user_context_and_refresh(user_id=alice.id)  # refreshes in the background
        assert closed.wait(30)
    manager.close()
    assert "handler of" not in caplog.text
    with (
        either_manager(token, cloud.integration()) as other,
        logged_in_signal.connected_to(close, sender=other),
    ):
        log_in(cloud, other, alice)
    wait_until(lambda: not own_threads(), "all threads have ended")


def test_a_command_that_waits_for_redis_gets_its_answer(
    cloud: Sandbox, integration: Integration, redis_url: str, client: redis.Redis
) -> None:
    """As at the end of a bot, when a command that was resumed still runs."""
    token, patient = cloud.add_bot("Echo Bot").token, f"{redis_url}?socket_timeout=60"
    with ThreadPoolExecutor(1) as pool, RedisTokenManager(token, integration, redis_url=patient) as manager:
        waiting = pool.submit(manager.redis.blpop, ["answers"])
        wait_until(lambda: client.info("clients")["blocked_clients"] == 1, "the command waits")
        manager.close()
        client.rpush("answers", "here it is")
        assert waiting.result() == (b"answers", b"here it is")


@pytest.mark.holds(49)
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
@pytest.mark.parametrize("login_flow", ["redirect", "device"])
def test_descriptors_and_threads_are_as_many_as_before(
    every_manager: Make, cloud: Sandbox, integration: Integration, login_flow: str, own_threads: OwnThreads
) -> None:
    token = cloud.add_bot("Echo Bot").token
    people = [cloud.add_person(f"Person {number}") for number in range(6)]

    def live() -> None:
        with every_manager(token, integration, login_flow=login_flow) as manager:
            for person in people:
                manager.request_login(user_id=person.id)
                put(manager, expiring(UserContext(user_id=person.id, tokens=some_tokens()), 60, 1000))
                assert manager.get_user_context_and_refresh(user_id=person.id)
                manager.logout(user_id=person.id)

    def counted() -> tuple[int, set[str]]:
        return len(list(Path("/proc/self/fd").iterdir())), own_threads()

    live()  # what is made once for the process, such as the sandbox's side of connections
    wait_until(lambda: not own_threads(), "all threads have ended")
    descriptors, _ = counted()
    for _ in range(3):
        live()
    wait_until(lambda: counted()[0] <= descriptors and not counted()[1], "as many as before")
