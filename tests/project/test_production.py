"""examples/production with its own commands, a real Redis, and workers that are killed."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from support.deployment import Deployment, Login, deployed
from support.production import WAIT, Gunicorn, Running
from support.turnstile import Request
from support.waiting import wait_until
from support.wording import TEXTS

from webex_bot_auth.models import reference
from webex_bot_auth.sandbox import Person

AddPeople = Callable[[int], list[Person]]
WORKERS, THREADS = 2, 8  # as gunicorn.conf.py has them, but for the number of processes, which take CPU time
PLACES = WORKERS * THREADS  # logins at the same moment
WELL = {"store": "answers", "bot": "runs"}


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("redis")) as deployment:
        yield deployment


@pytest.fixture(scope="class")
def web(production: Deployment) -> Iterator[Gunicorn]:
    with production.web("--workers", str(WORKERS)) as web:
        yield web


@pytest.fixture(scope="class")
def small_web(production: Deployment) -> Iterator[Gunicorn]:
    """For what is the same with any number of workers, which take some seconds to start."""
    with production.web("--workers", "1") as web:
        yield web


@pytest.fixture(scope="class")
def bot(production: Deployment) -> Iterator[Running]:
    with production.bot() as bot:
        yield bot


@pytest.fixture
def add_people(production: Deployment, request: pytest.FixtureRequest) -> AddPeople:
    """Adds people; all have different names."""
    name = request.node.name[5:25]
    return lambda count: [production.sandbox.add_person(f"{name} {number}") for number in range(count)]


def is_exchange(request: Request) -> bool:
    return request.path == "/v1/access_token"


def is_look_at_message(request: Request) -> bool:
    return request.method == "GET" and request.path.startswith("/v1/messages/")


def first(count: int, which: Callable[[Request], bool]) -> Callable[[Request], bool]:
    """A condition that holds for the first requests of a kind."""
    numbers = iter(range(count))
    return lambda request: which(request) and next(numbers, None) is not None


def assert_silent(production: Deployment, *processes: Running) -> None:
    said = "".join(process.log for process in processes)
    assert {secret for secret in production.secrets() if secret in said} == set()


def health(production: Deployment, path: str) -> tuple[int, Any]:
    """The status and the answer of an address for probes."""
    answer = requests.get(f"{production.url}/{path}", timeout=30)
    return answer.status_code, answer.json()


class TestAtWork:
    def test_80_logins_of_20_people_lose_only_what_it_was_busy_with(
        self, production: Deployment, web: Gunicorn, bot: Running, add_people: AddPeople
    ) -> None:
        """In the middle, all workers are busy with logins that wait for the token endpoint."""
        people, lost = add_people(20), list[Login]()

        def log_in_twice(person: Person) -> None:
            for words in ("hello", "hello again"):
                login = production.log_in(person, words)
                assert login, "was logged out"
                if login.page is None:
                    lost.append(login)
                    self.repeat(production, login)
                else:
                    assert login.page == 200, web.lines_with(reference(login.state))
                production.log_out(person)

        with ThreadPoolExecutor(PLACES + 4) as pool:
            list(pool.map(log_in_twice, people))
            with production.turnstile.holding(first(PLACES, is_exchange)):
                going = [pool.submit(log_in_twice, person) for person in people]
                held = production.turnstile.wait_for(PLACES)
                busy = web.workers()
                killed = held[0].pid
                assert killed
                os.kill(killed, signal.SIGKILL)
                now = web.wait_for_workers(WORKERS, besides={killed})
            for one in going:
                one.result()

        # no worker takes more than it can answer, so it was busy with these and no others
        assert Counter(request.pid for request in held) == dict.fromkeys(busy, THREADS)
        doomed = {request.form["code"] for request in held if request.pid == killed}
        assert {login.code for login in lost} == doomed
        assert len(now - busy) == 1
        assert len(now) == WORKERS
        assert_silent(production, web, bot)

    def repeat(self, production: Deployment, lost: Login) -> None:
        """Do what people do after an error in their browser: open the link again, then send the command."""
        lost.browse()
        assert lost.page in (202, 410)  # it is being completed, or was used
        again = production.log_in(lost.person, "again")
        assert again
        assert again.page == 200

    def test_a_rolling_restart_loses_no_login(
        self, production: Deployment, web: Gunicorn, bot: Running, add_people: AddPeople
    ) -> None:
        over, logins = threading.Event(), list[Login | None]()

        def log_in_and_out(person: Person) -> None:
            last = False
            while not last:
                last = over.is_set()  # once more, with the new workers alone
                logins.append(production.log_in(person, "hello"))
                production.log_out(person)

        with ThreadPoolExecutor(THREADS) as pool:
            old = web.wait_for_workers(WORKERS)
            with production.turnstile.holding(first(THREADS // 2, is_exchange)):
                going = [pool.submit(log_in_and_out, person) for person in add_people(THREADS)]
                held = production.turnstile.wait_for(THREADS // 2)
                web.process.send_signal(signal.SIGHUP)
                new = web.wait_for_workers(WORKERS, besides=old)
            for pid in old:
                web.wait_for(rf"Worker exiting \(pid: {pid}\)")
            over.set()
            for one in going:
                one.result()

        assert {request.pid for request in held} <= old
        wait_until(lambda: web.workers() == new, "the old workers have ended")
        assert {login and login.page for login in logins} == {200}

    @pytest.mark.holds(78)
    def test_a_restart_of_redis_is_reported_to_people_and_health_and_then_everything_works_again(
        self, production: Deployment, web: Gunicorn, bot: Running, add_people: AddPeople
    ) -> None:
        (alice,) = add_people(1)
        production.log_in(alice, "before")
        assert health(production, "ready") == health(production, "health") == (200, WELL)
        production.redis.stop()
        try:
            ill = {"store": "does not answer", "bot": "not known"}
            assert health(production, "ready") == health(production, "health") == (503, ill)
            assert health(production, "live") == (200, {"process": "answers"})  # no reason for a restart
            production.answer(production.say(alice, "echo meanwhile"), TEXTS.store_down)
        finally:
            production.redis.start()
        assert health(production, "ready") == (200, WELL)
        production.answer(production.say(alice, "echo after"), f"{alice.display_name} says: after")
        assert "Redis cannot be reached" in web.log
        assert "meanwhile" not in bot.log  # messages of people are not logged
        assert_silent(production, web, bot)


class TestOneProcess:
    def test_with_a_file_it_serves_the_redirect_and_runs_the_bot(
        self, production: Deployment, add_people: AddPeople, tmp_path: Path
    ) -> None:
        settings = {**production.settings, "REDIS_URL": "", "YAML_BASE": str(tmp_path / "tokens")}
        (alice,) = add_people(1)
        with Running("one", settings) as one:
            production.sandbox.wait_until_online(production.echo, WAIT)
            login = production.log_in(alice, "hello")
            assert login
            assert login.page == 200
            assert health(production, "ready") == health(production, "health") == (200, WELL)
            assert one.stop() == 0
        with Running("one", settings) as again:
            production.sandbox.wait_until_online(production.echo, WAIT)
            assert production.log_in(alice, "hello again") is None  # is still logged in
        assert_silent(production, one, again)


class TestTheBotStops:
    def test_when_its_commands_have_ended(
        self, production: Deployment, small_web: Gunicorn, add_people: AddPeople
    ) -> None:
        (alice,) = add_people(1)
        with production.bot() as bot:
            production.log_in(alice, "hello")
            with production.turnstile.holding(is_look_at_message):
                asked = production.say(alice, "echo bye")
                production.turnstile.wait_for(path=f"/v1/messages/{asked.id}")
                bot.process.send_signal(signal.SIGTERM)
                production.wait_until_offline()
            assert bot.ended() == 0
            production.answer(asked, f"{alice.display_name} says: bye")
        assert "Traceback" not in bot.log
        assert "Task was destroyed" not in bot.log
        ill = {"store": "answers", "bot": "does not run"}
        assert health(production, "health") == (503, ill)
        assert health(production, "ready") == (200, ill)  # browsers are served without a bot

    def test_and_the_next_one_continues_where_it_stopped(
        self, production: Deployment, small_web: Gunicorn, add_people: AddPeople
    ) -> None:
        over, logins = threading.Event(), list[Login | None]()

        def log_in_and_out(person: Person) -> None:
            while not over.is_set():
                logins.append(production.log_in(person, "hello"))
                production.log_out(person)

        with ThreadPoolExecutor(THREADS) as pool:
            with production.bot() as bot:
                going = [pool.submit(log_in_and_out, person) for person in add_people(THREADS)]
                bot.wait_for("asked to log in", 2 * THREADS)
                assert bot.stop() == 0
            with production.bot() as bot:
                bot.wait_for("asked to log in", 2 * THREADS)
                over.set()
                for one in going:
                    one.result()
        assert {login and login.page for login in logins} == {200}


class TestTheBotDoesNotStart:
    @pytest.mark.parametrize(
        ("setting", "value", "error"),
        [
            ("SANDBOX_URL", "http://127.0.0.1:9", "ConnectionError"),  # nothing listens there
            ("WEBEX_BOT_TOKEN", "of-nobody", "Unauthorized access"),
        ],
    )
    def test_and_ends_so_that_something_can_start_it_again(
        self, production: Deployment, setting: str, value: str, error: str
    ) -> None:
        with Running("bot", {**production.settings, setting: value}) as bot:
            assert bot.ended() != 0
        assert error in bot.log


class TestTheWebProcessStops:
    def test_when_its_logins_have_ended(
        self, production: Deployment, small_web: Gunicorn, bot: Running, add_people: AddPeople
    ) -> None:
        (alice,) = add_people(1)
        with ThreadPoolExecutor(1) as pool:
            with production.turnstile.holding(is_exchange):
                login = pool.submit(production.log_in, alice, "hello")
                production.turnstile.wait_for()
                small_web.process.send_signal(signal.SIGTERM)
                small_web.wait_for("Handling signal: term")
            assert small_web.ended() == 0
            done = login.result()
        assert done
        assert done.page == 200


class TestLogs:
    def test_gunicorns_own_format_and_its_warnings_have_no_secret_either(
        self, production: Deployment, bot: Running, add_people: AddPeople
    ) -> None:
        (alice,) = add_people(1)
        with production.web("--workers", "1", "--access-logformat", '%(h)s "%(r)s" %(s)s "%(f)s"') as web:
            production.log_in(alice, "hello")
            web.wait_for(r"GET /redirect\?code=\*\*\*&state=\*\*\*")
            with socket.create_connection(("127.0.0.1", production.port), 30) as connection:
                connection.sendall(b"GET /redirect?code=made-up-code\r\n\r\n")  # no version: not HTTP/1.1
                assert connection.recv(65536).startswith(b"HTTP/1.1 400")
            web.wait_for("Invalid request from")
        assert "made-up-code" not in web.log
        assert_silent(production, web)


class TestSettings:
    @pytest.mark.parametrize(
        ("name", "stores", "said"),
        [
            ("web", {"REDIS_URL": "", "YAML_BASE": "tokens"}, "exactly one store (set now: YAML_BASE):"),
            ("bot", {"REDIS_URL": ""}, "exactly one store (set now: none):"),
            ("one", {"YAML_BASE": "tokens"}, "exactly one store (set now: REDIS_URL, YAML_BASE):"),
        ],
    )
    def test_what_is_missing_is_named(
        self, production: Deployment, name: str, stores: dict[str, str], said: str
    ) -> None:
        settings = {**production.settings, **stores}
        del settings["WEBEX_BOT_AUTH_KEYS"]
        with Running(name, settings) as process:
            assert process.ended() == 1
        assert "Not set in the environment (see env.example):" in process.log
        assert said in process.log
        store = "YAML_BASE: the path" if name == "one" else "REDIS_URL: redis://:PASSWORD@HOST:6379/0"
        assert f"  {store}" in process.log
        assert "  WEBEX_BOT_AUTH_KEYS: encrypts what is stored; make one: openssl" in process.log
        assert ("  SQL_URL: postgresql+psycopg://" in process.log) is (name != "one")
        assert "WEBEX_BOT_TOKEN" not in process.log
        assert "Traceback" not in process.log
