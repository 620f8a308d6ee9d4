"""Faults, and that a sandbox stops cleanly while they hold requests."""

from __future__ import annotations

import threading

import pytest
import requests
from sandbox_world import World, make_bot
from support.waiting import wait_until
from webexpythonsdk import ApiError, WebexAPI

from webex_bot_auth.sandbox import Sandbox


def refresh(cloud: Sandbox, grant: str = "refresh_token", timeout: float = 10) -> requests.Response:
    """Call the token endpoint without credentials, which it answers with 401 unless a fault is on."""
    return requests.post(f"{cloud.url}/v1/access_token", data={"grant_type": grant}, timeout=timeout)


def test_a_status_is_returned_as_often_as_it_should(cloud: Sandbox) -> None:
    fault = cloud.faults.token(status=503, times=2)
    assert [refresh(cloud).status_code for _ in range(3)] == [503, 503, 401]
    assert fault.seen == 2
    assert [call.status for call in cloud.calls.refreshes()] == [503, 503, 401]


def test_a_fault_ends_with_its_block_or_when_cleared(cloud: Sandbox) -> None:
    with cloud.faults.token(status=429, retry_after=7):
        limited = refresh(cloud)
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
    assert refresh(cloud).status_code == 401
    cloud.faults.token(status=500)
    cloud.faults.clear()
    assert refresh(cloud).status_code == 401


def test_exchanges_and_refreshes_can_be_disturbed_separately(cloud: Sandbox) -> None:
    with cloud.faults.token(grant="exchange", status=503):
        assert refresh(cloud).status_code == 401
        assert refresh(cloud, "authorization_code").status_code == 503


def test_a_reset_connection(cloud: Sandbox) -> None:
    with (
        cloud.faults.token(reset=True, times=1),
        pytest.raises(requests.ConnectionError, match="reset by peer"),
    ):
        refresh(cloud)
    assert refresh(cloud).status_code == 401
    assert [call.status for call in cloud.calls.refreshes()] == [None, 401]


def test_no_answer_until_it_is_cleared(cloud: Sandbox) -> None:
    with cloud.faults.token(hang=True, times=1), pytest.raises(requests.Timeout):
        refresh(cloud, timeout=0.1)
    fault, answers = cloud.faults.token(hang=True), []
    thread = threading.Thread(target=lambda: answers.append(refresh(cloud).status_code))
    thread.start()
    fault.wait()
    fault.clear()
    thread.join()
    assert answers == [401]


def test_invalid_answers_with_200(cloud: Sandbox) -> None:
    with cloud.faults.token(html=True):
        answer = refresh(cloud)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    with cloud.faults.token(empty=True):
        assert refresh(cloud).json() == {}
    with cloud.faults.token(wrong_types=True):
        assert not isinstance(refresh(cloud).json()["access_token"], str)


def test_a_slow_answer(cloud: Sandbox) -> None:
    with cloud.faults.token(slow=0.2):
        assert refresh(cloud).elapsed.total_seconds() >= 0.2


def test_one_part_of_the_rest_api(world: World) -> None:
    api = WebexAPI(access_token=world.bot.token)
    with world.cloud.faults.rest("/v1/messages", method="POST", status=502):
        with pytest.raises(ApiError, match="502"):
            api.messages.create(roomId=world.direct.id, text="lost")
        assert list(api.messages.list(world.direct.id)) == []
        assert api.people.me().id == world.bot.id


def test_exactly_one_known_kind_is_needed(cloud: Sandbox) -> None:
    for kinds in ({}, {"statsu": 503}, {"status": 503, "reset": True}):
        with pytest.raises(TypeError, match="one kind of fault"):
            cloud.faults.token(**kinds)


def test_a_bot_comes_back_after_its_connection_broke(world: World) -> None:
    with world.cloud.run_bot(make_bot(world.bot.token)):
        world.cloud.disconnect(world.bot)
        world.cloud.wait_until_online(world.bot, connections=2)
        asked = world.cloud.say(world.alice, world.direct, "hi")
        assert world.cloud.wait_for_message(world.direct, person=world.bot, after=asked).parent == asked


def test_a_sandbox_that_was_never_started_can_be_closed() -> None:
    cloud = Sandbox()
    cloud.close()
    with pytest.raises(requests.ConnectionError):
        refresh(cloud)


def test_stops_at_once_while_requests_wait_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    errors: list[Exception] = []

    def hang() -> None:
        try:
            refresh(cloud)
        except requests.ConnectionError as error:
            errors.append(error)

    with Sandbox(tls=True) as cloud:
        fault = cloud.faults.token(hang=True)
        with (
            requests.Session() as idle,
            requests.get(f"{cloud.url}/chat/changes?kinds=chat", stream=True, timeout=30) as stream,
        ):
            idle.get(f"{cloud.url}/v1/people/me", timeout=30)
            assert any(line.startswith(b"data:") for line in stream.iter_lines())
            thread = threading.Thread(target=hang)
            thread.start()
            fault.wait()
            cloud.close()
            thread.join()
    assert len(errors) == 1
    wait_until(lambda: set(threading.enumerate()) <= before, "its threads have ended")


@pytest.mark.timeout(60)
def test_stops_where_no_connection_can_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the process has as many files open as it may."""

    def fails(*_: object, **__: object) -> None:
        raise OSError("Too many open files")

    before = set(threading.enumerate())
    with Sandbox() as cloud:
        monkeypatch.setattr("socket.create_connection", fails)
        cloud.close()
    wait_until(lambda: set(threading.enumerate()) <= before, "its threads have ended")


def test_a_port_that_is_taken_raises_an_os_error(cloud: Sandbox) -> None:
    with pytest.raises(OSError, match="Address already in use"):
        Sandbox(port=int(cloud.url.rpartition(":")[2]))


def test_a_stopped_bot_leaves_no_thread(world: World) -> None:
    before = set(threading.enumerate())
    with world.cloud.run_bot(make_bot(world.bot.token)):
        asked = world.cloud.say(world.alice, world.direct, "hi")
        world.cloud.wait_for_message(world.direct, person=world.bot, after=asked)
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert left <= {"sandbox-http"}  # the bot's idle HTTP connections, which it never closes
