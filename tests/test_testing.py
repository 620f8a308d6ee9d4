"""The pytest plugin and the contract for backends, as other projects use them: in a pytest of their own."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)

#: the configuration of a project where each warning is an error
INI = """
[pytest]
addopts = --strict-markers -p no:cacheprovider
filterwarnings =
    error
    ignore:`json_encoders` is deprecated
    ignore::pydantic.warnings.PydanticDeprecatedSince20
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with the README's bot in it."""
    pytester.makefile(".ini", pytest=INI)
    pytester.makepyfile(my_bot=BLOCKS[0])
    return pytester


def outcomes(project: pytest.Pytester, **files: str) -> dict[str, int]:
    """Run these test files; the number of tests by outcome."""
    project.makepyfile(**files)
    return project.runpytest_subprocess().parseoutcomes()


def test_what_the_readme_shows(project: pytest.Pytester) -> None:
    assert outcomes(project, test_my_bot=BLOCKS[1]) == {"passed": 1}


LEAVES_NOTHING = """
    import logging, socket, threading
    import pytest
    from my_bot import Whoami

    BEFORE = {}

    def state():
        root = logging.getLogger()
        return {"threads": threading.enumerate(), "level": root.level, "handlers": list(root.handlers)}

    def test_before():
        BEFORE.update(state())

    @pytest.mark.parametrize("fault", [{"hang": True}, {"reset": True}])
    def test_a_bot_that_is_in_the_middle_of_something(webex_sandbox, fault):
        bot = webex_sandbox.run(Whoami)
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice)
        fault = webex_sandbox.faults.rest("/v1/people/me", **fault)
        bot.hears(alice, "whoami")
        fault.wait()
        BEFORE["ports"] = [int(url.split(":")[2].split("/")[0])
                           for url in (webex_sandbox.url, bot.manager.integration.redirect_url)]

    def test_a_bot_that_never_starts(webex_sandbox):
        with pytest.raises(TypeError, match="no_such_option"):
            webex_sandbox.run(Whoami, no_such_option=True)

    def test_after():
        for port in BEFORE.pop("ports"):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port))
        assert state() == BEFORE
"""


def test_no_thread_no_port_and_no_changed_logger_is_left(project: pytest.Pytester) -> None:
    assert outcomes(project, test_it=LEAVES_NOTHING) == {"passed": 5}


OPTIONS = """
    import functools, re
    import pytest, requests
    from flask import Flask
    from my_bot import Whoami
    from webex_bot.commands.echo import EchoCommand
    from webex_bot.webex_bot import WebexBot
    from webex_bot_auth import Texts, YAMLTokenManager
    from webex_bot_auth.sandbox import NoSuchMessageError, OAuthSettings

    @pytest.mark.webex_sandbox(tls=True, oauth=OAuthSettings(access_token_lifetime=10))
    def test_tls_and_oauth(webex_sandbox):
        bot = webex_sandbox.run(Whoami)
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice)
        assert bot.ask(alice, "whoami").text == "You are Alice Adams"
        assert bot.manager.get_user_context(user_id=alice.id).tokens.expires_in <= 10

    def test_an_app_a_manager_a_bot_and_commands_of_ones_own(webex_sandbox, tmp_path):
        app = Flask("mine")
        app.add_url_rule("/", "home", lambda: "my home")
        bot = webex_sandbox.run(
            Whoami,
            EchoCommand(),
            app=app,
            manager=functools.partial(YAMLTokenManager, yml_base=tmp_path / "mine"),
            bot=functools.partial(WebexBot, approved_domains=["example.org"]),
            name="My Bot",
            login_keyword="anmelden",
        )
        assert requests.get(bot.manager.integration.redirect_url.replace("redirect", "")).text == "my home"
        alice = webex_sandbox.add_person("Alice Adams", email="alice@example.org")
        eve = webex_sandbox.add_person("Eve")
        team = bot.group(alice, eve)
        bot.hears(eve, "whoami", room=team)
        asked = bot.hears(alice, "anmelden", room=team)
        assert bot.press_login(bot.login_card(alice), alice, deny=True).status_code == 403
        bot.log_in(alice)
        assert (tmp_path / "mine.yml").exists()
        assert bot.ask(alice, "whoami", room=team).text == "You are Alice Adams"
        assert bot.ask(alice, "echo").card
        assert bot.said(eve) == [] and bot.said(team) == [bot.answer_to(asked).text, "You are Alice Adams"]

    def test_a_bot_that_is_put_together_elsewhere(webex_sandbox):
        token = webex_sandbox.add_bot("Own").token
        app = Flask("own")
        integration = webex_sandbox.integration(webex_sandbox.serve(app) + "/redirect")
        with YAMLTokenManager(token, integration, yml_base="tokens", login_flow="device") as manager:
            made = WebexBot(teams_bot_token=token)
            made.add_command(Whoami(token_manager=manager))
            manager.register_bot(bot=made)
            bot = webex_sandbox.start_bot(made, manager)
            alice = webex_sandbox.add_person("Alice Adams")
            bot.log_in(alice)
            assert bot.ask(alice, "whoami").text == "You are Alice Adams"

    def test_a_login_that_fails_says_why(webex_sandbox):
        bot = webex_sandbox.run(Whoami, scopes="spark:rooms_read")
        why = re.escape(f"Alice Adams is not logged in: {Texts().not_set_up}")
        with pytest.raises(AssertionError, match=why):
            bot.log_in(webex_sandbox.add_person("Alice Adams"))
"""


def test_what_a_bot_can_be_run_with(project: pytest.Pytester) -> None:
    assert outcomes(project, test_it=OPTIONS) == {"passed": 4}


STORE = """
    import contextlib, threading

    class Shelf:
        def __init__(self):
            self.lock, self.records, self.held = threading.Lock(), {}, set()

    class ShelfStore:
        def __init__(self, shelf):
            self.shelf = shelf

        def read(self, user_id):
            return self.shelf.records.get(user_id)

        def write(self, user_id, record):
            with self.shelf.lock:
                self.put(user_id, record)

        def swap(self, user_id, old, new):
            with self.shelf.lock:
                if self.shelf.records.get(user_id) != old:
                    return False
                self.put(user_id, new)
                return True

        def put(self, user_id, record):
            if record is None:
                self.shelf.records.pop(user_id, None)
            else:
                self.shelf.records[user_id] = record

        def users(self):
            return list(self.shelf.records)

        @contextlib.contextmanager
        def refresh_lock(self, user_id, timeout):
            lock = self.shelf.__dict__.setdefault(user_id, threading.Lock())
            held = lock.acquire(timeout=timeout)
            try:
                yield held
            finally:
                if held:
                    lock.release()

        def close(self):
            pass

    class Careless(ShelfStore):
        '''Strips user ids, replaces whatever stands there, and locks nothing.'''

        def read(self, user_id):
            return super().read(user_id.strip())

        def write(self, user_id, record):
            super().write(user_id.strip(), record)

        def swap(self, user_id, old, new):
            self.write(user_id, new)
            return True

        @contextlib.contextmanager
        def refresh_lock(self, user_id, timeout):
            yield True
"""
CONTRACT = """
    import pytest, store
    from webex_bot_auth.testing.contract import UserStoreContract

    class TestIt(UserStoreContract):
        @pytest.fixture
        def make_store(self):
            shelf = store.Shelf()
            return lambda: store.{name}(shelf)
"""
NOTHING_BROUGHT = """
    from webex_bot_auth.testing.contract import FlowStoreContract, TokenManagerContract, UserStoreContract

    class TestManager(TokenManagerContract):
        pass

    class TestUsers(UserStoreContract):
        pass

    class TestFlows(FlowStoreContract):
        pass
"""


def test_a_correct_store_passes_the_contract(project: pytest.Pytester) -> None:
    done = outcomes(project, store=STORE, test_store=CONTRACT.format(name="ShelfStore"))
    assert set(done) == {"passed"}
    assert done["passed"] > 30


def test_a_careless_store_fails_the_tests_about_its_mistakes(project: pytest.Pytester) -> None:
    project.makepyfile(store=STORE, test_store=CONTRACT.format(name="Careless"))
    done = project.runpytest_subprocess("-rf")
    failed = {found[1] for line in done.outlines if (found := re.match(r"FAILED \S+::(\w+)", line))}
    assert failed == {
        "test_difficult_user_ids_survive_a_round_trip",
        "test_user_ids_that_look_alike_are_different_users",
        "test_swap_writes_only_where_the_record_is_the_one_that_was_read",
        "test_swap_adds_a_record_only_where_there_is_none",
        "test_of_many_who_swap_at_once_one_does",
        "test_one_holds_a_users_refresh_lock",
    }


MANAGER_CONTRACT = """
    import functools, pytest
    from webex_bot_auth import YAMLTokenManager
    from webex_bot_auth.testing.contract import TokenManagerContract

    class TestIt(TokenManagerContract):
        @pytest.fixture
        def make_manager(self, tmp_path):
            return functools.partial(YAMLTokenManager, yml_base=tmp_path / "tokens")
"""


def test_the_contract_says_what_it_lacks(project: pytest.Pytester) -> None:
    project.makepyfile(test_store=NOTHING_BROUGHT)
    project.runpytest_subprocess("-k", "closing").stdout.fnmatch_lines_random(
        [
            "*TestManager has to bring a fixture make_manager*",
            "*TestUsers has to bring a fixture make_store*",
            "*TestFlows has to bring a fixture make_store*",
        ]
    )
    project.makepyfile(test_store=MANAGER_CONTRACT)
    project.makeconftest("import sys; sys.modules['hypothesis'] = None")
    done = project.runpytest_subprocess("-k", "test_user_ids_survive", "-p", "no:hypothesispytest")
    done.stdout.fnmatch_lines(["*pip install webex-bot-auth*testing*"])


def test_the_installed_plugin_imports_nothing_heavy() -> None:
    heavy = "webex_bot_auth", "webex_bot", "wxc_sdk", "flask", "hypothesis"
    code = f"import sys, pytest_webex_bot_auth; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    needed = [one for one in importlib.metadata.requires("webex-bot-auth") or [] if "extra ==" not in one]
    assert not [one for one in needed if one.startswith(("pytest", "hypothesis"))]
