"""The end of a login with others at the same moment, on other machines, and in other processes."""

from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.makers import Make, MakeManager
from support.processes import in_processes, manager_over
from support.wording import TEXTS, sentence_of
from wxc_sdk.integration import Integration

from webex_bot_auth import TokenManager
from webex_bot_auth.ground import clock
from webex_bot_auth.models import Outcome
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing.contract.resuming import released, waiting
from webex_bot_auth.testing.redirects import came_back


@pytest.mark.holds(2, 64)
@pytest.mark.parametrize(("seconds", "second"), [(20.0, Outcome.DONE_BEFORE), (0.0, Outcome.UNDER_WAY)])
def test_of_two_redirects_at_the_same_moment_the_second_waits_for_the_first(
    cloud: Sandbox, make_manager: MakeManager, alice: Person, monkeypatch: pytest.MonkeyPatch,
    seconds: float, second: Outcome,
) -> None:  # fmt: skip
    monkeypatch.setattr("webex_bot_auth.logins.ending.WAIT_SECONDS", seconds)
    manager = make_manager()
    answer = came_back(cloud, manager.asking.url(alice.id), alice)
    with ThreadPoolExecutor(2) as pool, cloud.faults.token(grant="exchange", hang=True) as hanging:
        first = pool.submit(manager.finish_login, **answer)
        hanging.wait()
        other = pool.submit(manager.finish_login, **answer)
        if not seconds:
            assert other.result().outcome is second
        hanging.clear()
        assert first.result().outcome is Outcome.DONE
        assert other.result().outcome is second
    assert len(cloud.calls.exchanges()) == 1


@pytest.mark.holds(63)
@pytest.mark.parametrize("minutes", [-61, -11, 11, 61])
def test_the_clock_of_the_store_decides_and_not_that_of_a_machine(
    cloud: Sandbox, redis_manager: Make, integration: Integration, alice: Person,
    monkeypatch: pytest.MonkeyPatch, minutes: int,
) -> None:  # fmt: skip
    token = cloud.add_bot("Echo Bot").token
    with redis_manager(token, integration) as bot, redis_manager(token, integration) as web:
        bot.asking.ask(alice.id, command=waiting(alice.id))
        answer = came_back(cloud, bot.asking.url(alice.id), alice)
        monkeypatch.setattr(clock, "_START", clock._START + 60 * minutes)  # on the machine of the redirect
        assert web.finish_login(**answer).outcome is Outcome.DONE
        assert released(bot, alice.id) == ["echo"]


def test_a_login_that_began_in_another_process_of_a_file_is_explained_and_the_operator_warned(
    cloud: Sandbox, yaml_manager: Make, integration: Integration, alice: Person,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    token = cloud.add_bot("Echo Bot").token
    with yaml_manager(token, integration) as before, yaml_manager(token, integration) as after:
        answer = came_back(cloud, before.asking.url(alice.id), alice)
        for _ in range(3):
            assert after.finish_login(**answer).outcome is Outcome.OTHER_PROCESS
        assert cloud.calls.exchanges() == []
        (warning,) = [one for one in caplog.records if one.levelno >= logging.WARNING]
        assert "another process" in warning.message


def _redirect_5_times(manager: TokenManager, answer: dict[str, str]) -> list[str]:
    with ThreadPoolExecutor(5) as pool:
        return [str(text) for text in pool.map(lambda _: manager.process_redirect(**answer), range(5))]


@pytest.mark.holds(2)
def test_of_20_redirects_in_4_processes_one_exchanges_the_code(
    alice: Person, cloud: Sandbox, integration: Integration, shared_store: dict[str, str]
) -> None:
    bot_token = cloud.add_bot("Echo").token
    with manager_over(shared_store, bot_token, integration) as manager:
        answer = came_back(cloud, manager.asking.url(alice.id), alice)
        answers = in_processes(
            4, _redirect_5_times, answer,
            bot_token=bot_token, integration=integration, rest_base=f"{cloud.url}/v1",
            store=shared_store,
        )  # fmt: skip
        counted = Counter(text for texts in answers for text in texts)
        assert counted.pop(sentence_of(TEXTS.page_done)) == 1
        assert counted.total() == 19
        assert counted.keys() <= {sentence_of(TEXTS.page_used), sentence_of(TEXTS.page_done_before)}
        assert len(cloud.calls.exchanges()) == 1
        assert manager.get_user_context(user_id=alice.id)
