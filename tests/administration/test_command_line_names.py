"""The command line shows people by the names that their logins brought, and its output is made for people."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.makers import KEY, Make
from wxc_sdk.integration import Integration

import webex_bot_auth
from webex_bot_auth import UserContext
from webex_bot_auth.__main__ import main
from webex_bot_auth.models import person_uuid
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing.redirects import log_in
from webex_bot_auth.testing.sample_contexts import context

pytestmark = pytest.mark.usefixtures("no_settings")
Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def people(
    store_arguments: list[str], store_manager: Make, cloud: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Ids by name: Alice has logged in, in an encrypted store; Bob's record has no name."""
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", KEY)
    alice, bob = (cloud.add_person(name) for name in ("Alice Adams", "Bob Brown"))
    with store_manager(
        cloud.add_bot("Echo Bot").token, cloud.integration(), encryption_keys=[KEY]
    ) as manager:
        log_in(cloud, manager, alice)
        manager.set_user_context(user_id=bob.id, user_context=context(bob.id))
    return {"alice": alice.id, "bob": bob.id}


def test_users_shows_addresses_where_they_are_known(
    people: dict[str, str], store_arguments: list[str], capsys: Capsys
) -> None:
    assert main([*store_arguments, "users"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = {line.split()[0] for line in lines[1:3]}
    assert names == {"alice.adams@example.com", person_uuid(people["bob"])}
    assert all(len(line) <= 80 for line in lines)
    assert main([*store_arguments, "users", "--json"]) == 0
    listed = {one["id"]: (one["name"], one["email"]) for one in json.loads(capsys.readouterr().out)}
    assert listed == {
        people["alice"]: ("Alice Adams", "alice.adams@example.com"),
        people["bob"]: (None, None),
    }


def test_names_are_sealed_with_the_tokens_and_survive_a_refresh(
    store_manager: Make, cloud: Sandbox, tmp_path: Path
) -> None:
    alice = cloud.add_person("Alice Adams")
    bot_token, integration = cloud.add_bot("Echo Bot").token, cloud.integration()
    with store_manager(bot_token, integration, encryption_keys=[KEY]) as manager:
        log_in(cloud, manager, alice)
        stored = manager.get_user_context(user_id=alice.id)
        assert stored
        stored.tokens.expires_at = stored.tokens.expires_at.replace(year=2020)
        manager.set_user_context(user_id=alice.id, user_context=stored)
        refreshed = manager.get_user_context_and_refresh(user_id=alice.id)
        assert refreshed
        assert refreshed.tokens.access_token != stored.tokens.access_token
        for one in (refreshed, manager.get_user_context(user_id=alice.id)):
            assert (one.display_name, one.email) == ("Alice Adams", "alice.adams@example.com")
            assert "alice.adams" not in repr(one)
    for path in tmp_path.glob("*.yml"):
        assert "Adams" not in path.read_text()


@pytest.mark.parametrize("called", ["ALICE.ADAMS@example.com", "Alice Adams", "uuid"])
def test_logout_takes_what_users_shows(
    people: dict[str, str], store_arguments: list[str], capsys: Capsys, called: str
) -> None:
    name = person_uuid(people["alice"]) if called == "uuid" else called
    assert main([*store_arguments, "logout", name, "--force"]) == 0
    assert capsys.readouterr().out.startswith(f"{name}: logged out here")
    assert main([*store_arguments, "users", "--json"]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == [people["bob"]]


def test_logout_of_a_name_that_two_people_have_asks_for_the_id(
    store_arguments: list[str], store_manager: Make, integration: Integration, capsys: Capsys
) -> None:
    with store_manager("token", integration) as manager:
        for user_id in ("one", "two"):
            named = UserContext(user_id=user_id, tokens=context(user_id).tokens, display_name="Alice Adams")
            manager.set_user_context(user_id=user_id, user_context=named)
    assert main([*store_arguments, "logout", "alice adams", "--force"]) == 1
    assert "there are 2 of this name; use the id" in capsys.readouterr().err
    assert main([*store_arguments, "logout", "two", "--force"]) == 0


def test_long_names_and_many_scopes_fit_80_columns(
    store_arguments: list[str], store_manager: Make, integration: Integration, capsys: Capsys
) -> None:
    scopes = " ".join(f"spark-admin:scope_number_{number}" for number in range(20))
    with store_manager("token", integration) as manager:
        manager.set_user_context(user_id="x" * 200, user_context=context("x" * 200, scope=scopes))
    assert main([*store_arguments, "users"]) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    assert printed.split("[1]")[-1].split()[:-4] == scopes.split()


def test_a_file_that_does_not_exist_is_an_error(
    tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", KEY)
    for command in (["users"], ["users", "--json"], ["logout", "alice", "--force"], ["rotate"]):
        assert main(["--yaml", str(tmp_path / "tokens"), *command]) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert f"there is no file {tmp_path / 'tokens.yml'}" in said.err
    assert list(tmp_path.iterdir()) == []


def test_many_records_with_one_fault_have_one_line(
    store_arguments: list[str], store_manager: Make, integration: Integration,
    capsys: Capsys, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with store_manager("token", integration, encryption_keys=[KEY]) as sealed:
        for number in range(20):
            sealed.set_user_context(user_id=f"user{number}", user_context=context(f"user{number}"))
    assert main([*store_arguments, "users"]) == 1
    problem = "is encrypted, and no encryption_keys are configured"
    assert capsys.readouterr().err == f"20 users: {problem}; --verbose names them\n"
    assert main([*store_arguments, "users", "--verbose"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 20
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", KEY.lower())
    assert main([*store_arguments, "rotate"]) == 1
    assert "left unchanged: 20 records; `users --verbose` names them\n" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_reader_that_has_enough_is_no_fault(
    tmp_path: Path, yaml_manager: Make, integration: Integration, options: list[str]
) -> None:
    with yaml_manager("token", integration) as manager:
        for number in range(5):
            manager.set_user_context(
                user_id=f"user{number}", user_context=context(f"user{number}", scope="s" * 70_000)
            )
    command = [sys.executable, "-m", "webex_bot_auth", "--yaml", str(tmp_path / "tokens"), "users", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout
        assert running.stderr
        running.stdout.readline()
        running.stdout.close()  # more is to come than a pipe holds
        assert running.stderr.read() == b""
        assert running.wait() == 141


def test_it_says_its_version(capsys: Capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"webex-bot-auth {webex_bot_auth.__version__}\n"
