"""``run_bot`` in one process: connected again whenever that is needed, and ended in an orderly way."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from support.makers import Make
from support.mortal import MemoryUsers
from support.waiting import wait_until
from webex_bot.models.command import Command
from webex_bot.webex_bot import WebexBot
from wxc_sdk.integration import Integration

from webex_bot_auth import StoredTokenManager, TokenManager
from webex_bot_auth.errors import SettingError, StoreUnavailable
from webex_bot_auth.sandbox import Person
from webex_bot_auth.stores import agenda
from webex_bot_auth.stores.leases import Leases
from webex_bot_auth.stores.memory import MemoryFlowStore
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.user_context import running

Run = Callable[..., None]


class Shared:
    """A store that several processes could share; it fails as often as it is told to."""

    def __init__(self) -> None:
        self._store = MemoryFlowStore()
        self.failures = 0
        self.is_given_back = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def swap(self, key: str, *arguments: Any, **options: Any) -> bool:
        if key == running.LEASE and arguments[1] is None:
            self.is_given_back.set()
        if key == running.LEASE and self.failures:
            self.failures -= 1
            raise StoreUnavailable("the store", "is out of reach")
        return self._store.swap(key, *arguments, **options)


@pytest.fixture
def echo(webex_sandbox: WebexSandbox) -> Person:
    return webex_sandbox.add_bot("Echo Bot")


@pytest.fixture
def manager(yaml_manager: Make, echo: Person, integration: Integration) -> Iterator[TokenManager]:
    """A manager without anybody to share the bot with."""
    with yaml_manager(echo.token, integration) as manager:
        yield manager


@contextmanager
def running_bot(
    manager: TokenManager, echo: Person, *commands: Command, **options: float
) -> Iterator[WebexBot]:
    """Run a bot in a thread, where no signals can be set, until the end of a ``with`` block."""
    bot = WebexBot(echo.token)
    for command in commands:
        bot.add_command(command)
    manager.register_bot(bot=bot)
    thread = threading.Thread(target=manager.run_bot, kwargs={"bot": bot, **options})
    thread.start()
    try:
        yield bot
    finally:
        manager.close()
        thread.join(30)
        assert not thread.is_alive()


def devices(sandbox: WebexSandbox, bot: Person, *, register: bool = False) -> int:
    """Return how many devices the bot has at Webex, after registering one as webex_bot does."""
    address = f"{sandbox.url}/wdm/api/v1/devices"
    headers = {"Authorization": f"Bearer {bot.token}"}
    if register:
        device = {"name": "python-spark-client"}
        requests.post(address, json=device, headers=headers, timeout=30).raise_for_status()
    return len(requests.get(address, headers=headers, timeout=30).json()["devices"])


def test_it_is_connected_again_with_the_device_that_is_there_and_one_line_says_why(
    webex_sandbox: WebexSandbox, manager: TokenManager, echo: Person, alice: Person,
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(running, "FIRST_WAIT", 0.01)
    connect, failures = running._Loop.create_connection, list[None]()

    async def create_connection(*arguments: Any, **options: Any) -> Any:
        if failures:
            failures.pop()
            raise ConnectionRefusedError("as without a network")
        return await connect(*arguments, **options)

    monkeypatch.setattr(running._Loop, "create_connection", create_connection)
    with running_bot(manager, echo):
        webex_sandbox.wait_until_online(echo)
        failures += [None] * 4
        webex_sandbox.disconnect(echo)
        webex_sandbox.wait_until_online(echo, connections=2)
        assert not failures
        room = webex_sandbox.direct(alice, echo)
        asked = webex_sandbox.say(alice, room, "help")
        assert webex_sandbox.wait_for_message(room, person=echo, after=asked)
        assert devices(webex_sandbox, echo) == 1
    (line,) = [text for text in caplog.messages if "the bot is not connected" in text]
    assert "ConnectionRefusedError: as without a network" in line


def test_where_the_devices_cannot_be_read_no_other_one_is_registered(
    webex_sandbox: WebexSandbox, manager: TokenManager, echo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "FIRST_WAIT", 0.01)
    devices(webex_sandbox, echo, register=True)
    webex_sandbox.faults.rest("/wdm/api/v1/devices", method="GET", status=502, times=2)
    with running_bot(manager, echo):
        webex_sandbox.wait_until_online(echo)
    assert devices(webex_sandbox, echo) == 1


def test_where_webex_registers_no_device_it_is_asked_again(
    webex_sandbox: WebexSandbox, manager: TokenManager, echo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "FIRST_WAIT", 0.01)
    webex_sandbox.faults.rest("/wdm/api/v1/devices", method="POST", status=502, times=2)
    with running_bot(manager, echo):
        webex_sandbox.wait_until_online(echo)
    assert devices(webex_sandbox, echo) == 1


def test_a_name_that_is_not_found_is_no_error_that_webex_bot_waits_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    loop = running._Loop()
    with pytest.raises(ConnectionError, match=r"webex\.example: .*Temporary failure"):
        loop.run_until_complete(loop.getaddrinfo("webex.example", 443))
    loop.close()


def test_while_the_store_is_away_it_stands_by_and_says_so_once(
    webex_sandbox: WebexSandbox, echo: Person, integration: Integration, caplog: pytest.LogCaptureFixture
) -> None:
    flows = Shared()
    flows.failures = 3
    with (
        StoredTokenManager(echo.token, integration, users=MemoryUsers(), flows=flows) as manager,
        running_bot(manager, echo, take_over_after=0.5),
    ):
        webex_sandbox.wait_until_online(echo)
    lines = [text for text in caplog.messages if "nobody can tell whose turn it is" in text]
    assert len(lines) == 1
    assert "is out of reach" in lines[0]


def test_who_cannot_be_connected_lets_another_one_try(
    webex_sandbox: WebexSandbox, echo: Person, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "FIRST_WAIT", 0.7)
    flows = Shared()

    def another_one_could_have_it() -> bool:
        with Leases(flows).hold(running.LEASE) as lease:
            return lease is not None

    with (
        StoredTokenManager(echo.token, integration, users=MemoryUsers(), flows=flows) as manager,
        webex_sandbox.faults.websocket(refuse=503) as refused,
        running_bot(manager, echo, take_over_after=2.0),
    ):
        refused.wait()
        wait_until(another_one_could_have_it, "the lease is given up")


def test_others_can_ask_whether_it_runs(
    webex_sandbox: WebexSandbox, manager: TokenManager, echo: Person
) -> None:
    assert not manager.is_bot_running()
    with running_bot(manager, echo):
        webex_sandbox.wait_until_online(echo)
        assert manager.is_bot_running()
    assert not manager.is_bot_running()


def test_at_its_end_the_lease_is_given_up_after_the_commands_that_run(
    webex_sandbox: WebexSandbox, echo: Person, integration: Integration, alice: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(agenda, "LOOK_SECONDS", 0.05)  # which is waited for, too
    flows, begun, may_end = Shared(), threading.Event(), threading.Event()

    class Hold(Command):  # type: ignore[misc]  # webex_bot has no types
        def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
            begun.set()
            return f"held: {may_end.wait(30)}"

    with StoredTokenManager(echo.token, integration, users=MemoryUsers(), flows=flows) as manager:
        with running_bot(manager, echo, Hold("hold", help_message="Wait"), take_over_after=600.0):
            webex_sandbox.wait_until_online(echo)
            room = webex_sandbox.direct(alice, echo)
            asked = webex_sandbox.say(alice, room, "hold")
            assert begun.wait(30)
            closing = threading.Thread(target=manager.close)
            closing.start()
            webex_sandbox.wait_until_offline(echo)
            assert not flows.is_given_back.wait(0.5)
            may_end.set()
            closing.join()
        assert webex_sandbox.wait_for_message(room, person=echo, after=asked).text == "held: True"
        assert flows.is_given_back.is_set()


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), float("inf"), 1e300, "15", None, True])
def test_no_number_of_seconds(manager: TokenManager, echo: Person, seconds: Any) -> None:
    bot = WebexBot(echo.token)
    manager.register_bot(bot=bot)
    with pytest.raises(SettingError, match="take_over_after"):
        manager.run_bot(bot=bot, take_over_after=seconds)


def test_it_is_for_a_registered_bot_and_for_once(
    webex_sandbox: WebexSandbox, manager: TokenManager, echo: Person
) -> None:
    with pytest.raises(SettingError, match="register_bot"):
        manager.run_bot(bot=WebexBot(echo.token))
    with running_bot(manager, echo) as bot:
        webex_sandbox.wait_until_online(echo)
        with pytest.raises(SettingError, match="register_bot"):
            manager.run_bot(bot=WebexBot(echo.token))
        with pytest.raises(SettingError, match="once"):
            manager.run_bot(bot=bot)


def test_a_manager_that_is_closed_runs_no_bot(manager: TokenManager, echo: Person) -> None:
    bot = WebexBot(echo.token)
    manager.register_bot(bot=bot)
    manager.close()
    with pytest.raises(SettingError, match="closed"):
        manager.run_bot(bot=bot)
