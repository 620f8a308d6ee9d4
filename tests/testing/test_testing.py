"""The pytest plugin and the contract for backends, as other projects use them: in a pytest of their own."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from support.contract_projects import CONTRACT, MANAGER_CONTRACT, NOTHING_BROUGHT, STORE

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
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


def pytest_run(folder: Path, files: dict[str, str], *options: str) -> str:
    """What pytest prints in a folder with these files and the README's bot."""
    for name, text in {"my_bot": BLOCKS[0], **files}.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text), encoding="utf-8")
    (folder / "pytest.ini").write_text(INI, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", *options]
    settings = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)
    return done.stdout


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What one run of pytest prints about all files below: to start it costs more than most of them."""
    files = {
        "test_1_leaves_nothing": LEAVES_NOTHING,  # first: no other file's threads may end meanwhile
        "test_2_readme": BLOCKS[1],
        "test_3_options": OPTIONS,
        "store": STORE,
        "test_4_correct": CONTRACT.format(name="ShelfStore"),
        "test_5_careless": CONTRACT.format(name="Careless"),
    }
    return pytest_run(tmp_path_factory.mktemp("project"), files, "-rA")


def named(printed: str, outcome: str, file: str) -> list[str]:
    """The tests of a file that ended in one way."""
    return re.findall(rf"^{outcome} {file}\.py::(?:\w+::)?(\w+)", printed, re.MULTILINE)


def passed(printed: str, file: str) -> int:
    """How many tests of a file passed; all have to."""
    assert not named(printed, "(?:FAILED|ERROR|SKIPPED|XFAIL)", file), printed
    return len(named(printed, "PASSED", file))


def test_what_the_readme_shows(printed: str) -> None:
    assert passed(printed, "test_2_readme") == 1


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


def test_no_thread_no_port_and_no_changed_logger_is_left(printed: str) -> None:
    assert passed(printed, "test_1_leaves_nothing") == 5


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
        card = bot.login_card(alice)
        told = bot.answer_to(asked)
        assert bot.press_login(card, alice, deny=True).status_code == 403
        assert bot.answer_to(card).text == Texts().refused
        bot.log_in(alice)
        assert (tmp_path / "mine.yml").exists()
        assert bot.ask(alice, "whoami", room=team).text == "You are Alice Adams"
        assert bot.ask(alice, "echo").card
        assert bot.said(eve) == [] and bot.said(team) == [told.text, "You are Alice Adams"]

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


def test_what_a_bot_can_be_run_with(printed: str) -> None:
    assert passed(printed, "test_3_options") == 4


def test_a_correct_store_passes_the_contract(printed: str) -> None:
    assert passed(printed, "test_4_correct") > 30


def test_a_careless_store_fails_the_tests_about_its_mistakes(printed: str) -> None:
    failed = set(named(printed, "FAILED", "test_5_careless"))
    assert failed == {
        "test_difficult_user_ids_survive_a_round_trip",
        "test_user_ids_that_look_alike_are_different_users",
        "test_swap_writes_only_where_the_record_is_the_one_that_was_read",
        "test_swap_adds_a_record_only_where_there_is_none",
        "test_of_many_who_swap_at_once_one_does",
    }


def test_the_contract_says_what_it_lacks(tmp_path: Path) -> None:
    files = {
        "test_nothing": NOTHING_BROUGHT,
        "test_manager": MANAGER_CONTRACT,
        "conftest": "import sys; sys.modules['hypothesis'] = None",
    }
    chosen = "test_user_ids_survive or closing and not TestIt"
    printed = pytest_run(tmp_path, files, "-k", chosen, "-p", "no:hypothesispytest")
    for lacking in ("TestManager has to bring a fixture make_manager", "pip install webex-bot-auth[testing]"):
        assert lacking in printed
    for name in ("TestUsers", "TestFlows"):
        assert f"{name} has to bring a fixture make_store" in printed


def test_the_installed_plugin_imports_nothing_heavy() -> None:
    heavy = "webex_bot_auth", "webex_bot", "wxc_sdk", "flask", "hypothesis"
    code = f"import sys, pytest_webex_bot_auth; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    needed = [one for one in importlib.metadata.requires("webex-bot-auth") or [] if "extra ==" not in one]
    assert not [one for one in needed if one.startswith(("pytest", "hypothesis"))]
