"""``python -m webex_bot_auth``: looks after a store, and never prints a token."""

from __future__ import annotations

import functools
import json
import os
import re
import secrets
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from support.contexts import expiring
from support.makers import KEY, Make
from support.raw_server import RawServer, answer
from support.redis_server import RedisServer, free_port
from support.tls import tls_in_front_of
from wxc_sdk.integration import Integration
from wxc_sdk.rest import RestSession

from webex_bot_auth import YAMLTokenManager
from webex_bot_auth.__main__ import main
from webex_bot_auth.administration import doctor
from webex_bot_auth.administration.checks import redis_store
from webex_bot_auth.errors import WrongKey
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.testing.made_up import context
from webex_bot_auth.testing.redirects import came_back, log_in
from webex_bot_auth.user_context import redis_diagnosis
from webex_bot_auth.user_context.diagnosis import RedisHealth
from webex_bot_auth.user_context.models import reference, utc_now

NEW_KEY = b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of whoever runs the tests stay out."""
    for name in [name for name in os.environ if name.startswith(("WEBEX_", "REDIS_URL"))]:
        monkeypatch.delenv(name)


@pytest.fixture(params=["yaml", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """Where the managers of ``either_manager`` keep things, as arguments."""
    if request.param == "yaml":
        return ["--yaml", str(tmp_path / "tokens")]
    return ["--redis-url", request.getfixturevalue("redis_url")]


@pytest.fixture
def make(request: pytest.FixtureRequest, store: list[str]) -> Make:
    make: Make = request.getfixturevalue(f"{store[0].removeprefix('--').removesuffix('-url')}_manager")
    return make


@pytest.mark.holds(19)
def test_rotate_encrypts_a_whole_store_with_the_newest_key(
    store: list[str], make: Make, integration: Integration,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with make("token", integration) as plain:
        plain.set_user_context(user_id="alice", user_context=context("alice"))
    with make("token", integration, encryption_keys=[KEY]) as old:
        old.set_user_context(user_id="bob", user_context=context("bob"))

    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", f"{NEW_KEY},{KEY}")
    assert main([*store, "rotate"]) == 0
    assert capsys.readouterr().out == "2 records encrypted with the newest key\n"
    with make("token", integration, encryption_keys=[NEW_KEY]) as new:
        assert new.get_user_context(user_id="alice") == context("alice")
        assert new.get_user_context(user_id="bob") == context("bob")
    with make("token", integration, encryption_keys=[KEY]) as old, pytest.raises(WrongKey):
        old.get_user_context(user_id="alice")
    assert main([*store, "rotate"]) == 0
    assert capsys.readouterr().out == "0 records encrypted with the newest key\n"


@pytest.mark.holds(19)
def test_rotate_leaves_what_it_cannot_read_and_says_so(
    store: list[str], make: Make, integration: Integration,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with make("token", integration, encryption_keys=[KEY]) as old:
        old.set_user_context(user_id="alice", user_context=context("alice"))
    with make("token", integration) as plain:
        plain.set_user_context(user_id="bob", user_context=context("bob"))
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", NEW_KEY)
    assert main([*store, "rotate"]) == 1
    said = capsys.readouterr()
    assert said.out == "1 records encrypted with the newest key\n"
    assert "alice" in said.err
    with make("token", integration, encryption_keys=[NEW_KEY, KEY]) as both:
        assert both.get_user_context(user_id="alice") == context("alice")
        assert both.get_user_context(user_id="bob") == context("bob")


def test_users_lists_who_is_logged_in_until_when_and_with_which_scopes(
    store: list[str], make: Make, integration: Integration, capsys: pytest.CaptureFixture[str]
) -> None:
    with make("token", integration) as manager:
        bob = expiring(context("bob", scope="spark:people_read spark:rooms_read"), -60)
        for user in (bob, context("alice"), context("eve\n\x1b[2J")):
            manager.set_user_context(user_id=user.user_id, user_context=user)
    assert main([*store, "users"]) == 0
    end = "2031-02-03 04:05 UTC"
    past = f"{bob.tokens.expires_at:%Y-%m-%d %H:%M} UTC"
    assert capsys.readouterr().out.splitlines() == [
        f"alice  access until {end}  login until {end}  scopes unknown",
        f"bob  access expired {past}  login until {end}  spark:people_read spark:rooms_read",
        f"eve\\n\\x1b[2J  access until {end}  login until {end}  scopes unknown",
    ]
    assert main([*store, "users", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [user["id"] for user in listed] == ["alice", "bob", "eve\n\x1b[2J"]
    assert listed[0]["login_until"] == listed[0]["access_until"] == "2031-02-03T04:05:06+00:00"
    assert [user["scopes"] for user in listed] == [None, ["spark:people_read", "spark:rooms_read"], None]


@pytest.fixture
def unreadable_alice(store: list[str], make: Make, integration: Integration) -> list[str]:
    """A store where one record of two needs a key that is not there."""
    with make("token", integration, encryption_keys=[KEY]) as old:
        old.set_user_context(user_id="alice", user_context=context("alice"))
    with make("token", integration) as plain:
        plain.set_user_context(user_id="bob", user_context=context("bob"))
    return store


def test_users_names_what_cannot_be_read_and_lists_the_rest(
    unreadable_alice: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*unreadable_alice, "users"]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("bob  ")
    assert "alice: is encrypted, and no encryption_keys are configured" in said.err


@pytest.mark.parametrize("lets", [True, False])
def test_logout_forgets_and_says_whether_webex_revoked(
    store: list[str], make: Make, cloud: Sandbox, lets: bool,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    asked = cloud.integration(scopes=["spark:people_read", "identity:tokens_write"])
    ada = cloud.add_person("Ada Admin", admin=lets)
    with make(cloud.add_bot("Echo Bot").token, asked) as manager:
        log_in(cloud, manager, ada)
        monkeypatch.setenv("WEBEX_CLIENT_ID", asked.client_id)
        assert main([*store, "logout", ada.id]) == 0
        revoked = f"{ada.id}: logged out, and Webex has revoked the tokens\n"
        kept = f"{ada.id}: logged out here; Webex has not revoked the tokens, the user can: https://"
        assert capsys.readouterr().out.startswith(revoked if lets else kept)
        assert manager.get_user_context(user_id=ada.id) is None
    assert main([*store, "logout", ada.id]) == 1
    assert capsys.readouterr().err == f"{ada.id}: nobody with this id is logged in\n"
    assert main([*store, "logout", "--force", "nobody"]) == 1


def test_logout_needs_the_client_id_to_revoke_or_force_to_do_without(
    store: list[str], make: Make, integration: Integration, capsys: pytest.CaptureFixture[str]
) -> None:
    with make("token", integration) as manager:
        manager.set_user_context(user_id="alice", user_context=context("alice"))
        assert main([*store, "logout", "alice"]) == 1
        assert "WEBEX_CLIENT_ID: is not set" in capsys.readouterr().err
        assert manager.get_user_context(user_id="alice")
        assert main([*store, "logout", "alice", "--force"]) == 0
        assert manager.get_user_context(user_id="alice") is None
    assert main([*store, "logout", "alice", "--force"]) == 1
    assert "nobody with this id" in capsys.readouterr().err


@pytest.mark.parametrize("client_id", ["", "some-id"])
def test_logout_forgets_what_cannot_be_read_when_forced(
    unreadable_alice: list[str], client_id: str, make: Make, integration: Integration,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("WEBEX_CLIENT_ID", client_id or "some-id")
    assert main([*unreadable_alice, "logout", "alice"]) == 1
    assert "logout --force forgets it" in capsys.readouterr().err
    monkeypatch.setenv("WEBEX_CLIENT_ID", client_id)
    assert main([*unreadable_alice, "logout", "alice", "--force"]) == 0
    assert "alice: logged out here" in capsys.readouterr().out
    with make("token", integration) as manager:
        assert set(manager.users()) == {"bob"}  # type: ignore[attr-defined]


def test_flows_counts_logins_under_way_in_redis(
    redis_url: str, redis_manager: Make, integration: Integration,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with (
        redis_manager("token", integration, key_prefix="mine:") as plain,
        redis_manager("token", integration, key_prefix="mine:", encryption_keys=[KEY]) as sealed,
    ):
        used, readable, other = (made.start_flow(user_id="alice") for made in (plain, plain, sealed))
        plain.refuse_redirect(flow_id=used, error="access_denied")
    arguments = ["--redis-url", redis_url, "--key-prefix", "mine:", "flows"]
    assert main(arguments) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == "logins under way: 2"
    assert lines == [
        f"{reference(readable)}  ends in 10 min",
        f"{reference(other)}  ends in 10 min, encrypted with other keys",
    ]
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", KEY)
    monkeypatch.setenv("REDIS_KEY_PREFIX", "mine:")
    assert main(["--redis-url", redis_url, "flows", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [flow["reference"] for flow in listed] == [reference(readable), reference(other)]
    assert all(flow["readable"] and 540 < flow["seconds_left"] <= 600 for flow in listed)


def test_flows_of_a_file_are_in_the_bots_own_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--yaml", str(tmp_path / "tokens"), "flows"]) == 0
    assert "the bot's own process" in capsys.readouterr().err
    assert main(["--yaml", str(tmp_path / "tokens"), "flows", "--json"]) == 0
    assert capsys.readouterr().out == "null\n"


def test_rotate_needs_a_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--yaml", str(tmp_path / "tokens"), "rotate"]) == 1
    assert "WEBEX_BOT_AUTH_KEYS: is not set" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["redis://me:hush@localhost", "redis://localhost?password=hush"])
def test_a_password_on_the_command_line_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--redis-url", url, "users"]) == 1
    said = capsys.readouterr()
    assert "REDIS_URL" in said.err
    assert "hush" not in said.out + said.err


def test_redis_url_is_taken_from_the_environment(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    assert main(["--redis-url", "env", "users"]) == 0
    monkeypatch.delenv("REDIS_URL")
    assert main(["--redis-url", "env", "users"]) == 1
    assert "redis_url" in capsys.readouterr().err


def test_a_store_that_cannot_be_reached_is_a_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["--redis-url", RedisServer(tmp_path).url, "users"]) == 1
    assert "Redis cannot be reached" in capsys.readouterr().err
    (tmp_path / "tokens.yml").write_text("a: [")
    assert main(["--yaml", str(tmp_path / "tokens"), "users"]) == 1
    assert "is not YAML in line 2" in capsys.readouterr().err
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", "short")
    assert main(["--yaml", str(tmp_path / "tokens"), "rotate"]) == 1
    assert "encryption_keys" in capsys.readouterr().err


def test_it_is_installed_as_a_command() -> None:
    command = Path(sys.executable).parent / "webex-bot-auth"
    done = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    assert "rotate" in done.stdout


# -- doctor


class Doctor:
    """Runs ``doctor`` and reads what it says."""

    def __init__(self, store: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        self.store = store
        self._capsys = capsys

    def lines(self, *options: str, wrong: bool = False) -> list[str]:
        """Its lines, but for the last one; the exit status goes with them."""
        assert main([*self.store, "doctor", *options]) == wrong
        lines = self._capsys.readouterr().out.splitlines()
        assert wrong == any(line.startswith("wrong") for line in lines)
        return lines[:-2]

    def line(self, subject: str) -> str:
        """What it says of one subject; the level and the text."""
        self._capsys.readouterr()
        main([*self.store, "doctor"])
        lines = self._capsys.readouterr().out.splitlines()
        (line,) = (line for line in lines if line[9:].startswith(f"{subject}: "))
        return line[:9].rstrip() + line[9 + len(subject) :]


@pytest.fixture
def configuration(cloud: WebexSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Integration:
    """A bot as it should be, in the environment."""
    app, token = Flask("bot"), cloud.add_bot("Echo Bot").token
    made = cloud.integration(f"{cloud.serve(app)}/redirect", ["spark:people_read", "spark:rooms_read"])
    YAMLTokenManager(token, made, yml_base=str(tmp_path / "unused")).register_redirect(flask=app)
    for name, value in {
        "BOT_TOKEN": token,
        "CLIENT_ID": made.client_id,
        "CLIENT_SECRET": made.client_secret,
        "REDIRECT_URL": made.redirect_url,
        "SCOPES": " ".join(made.scopes),
        "AUTH_SERVICE": made.auth_service,
        "TOKEN_SERVICE": made.token_service,
        "BOT_AUTH_KEYS": KEY,
    }.items():
        monkeypatch.setenv(f"WEBEX_{name}", value)
    return made


@pytest.fixture
def of_file(configuration: Integration, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Doctor:
    return Doctor(["--yaml", str(tmp_path / "tokens")], capsys)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    """As it should be; the test may spoil it."""
    with RedisServer(tmp_path, appendonly="yes") as server:
        yield server


@pytest.fixture
def of_redis(
    configuration: Integration, own_server: RedisServer, capsys: pytest.CaptureFixture[str]
) -> Doctor:
    return Doctor(["--redis-url", own_server.url], capsys)


def everywhere(configuration: Integration) -> list[str]:
    return [
        "ok       settings: all there",
        "ok       scopes: spark:people_read spark:rooms_read",
        "ok       bot token: of the bot Echo Bot",
        "ok       clock: as Webex's",
        "ok       client id and secret: Webex takes them",
        f"ok       redirect address: {configuration.redirect_url} is answered by this package's page",
    ]


def test_doctor_finds_nothing_wrong_with_a_good_file(
    of_file: Doctor, configuration: Integration, tmp_path: Path
) -> None:
    assert of_file.lines() == [
        *everywhere(configuration),
        f"ok       folder: {tmp_path} can be written",
        f"ok       file: {tmp_path}/tokens.yml will be made with the first login",
        "ok       encryption: 1 key",
        "ok       records: 0, all can be read",
    ]
    assert not list(tmp_path.glob("tokens*"))
    with YAMLTokenManager("-", configuration, yml_base=str(tmp_path / "tokens")) as manager:
        manager.set_user_context(user_id="alice", user_context=context("alice"))
    assert of_file.line("file") == f"ok: {tmp_path}/tokens.yml is for its owner alone"
    assert of_file.line("records") == "ok: 1, all can be read"


def test_doctor_finds_nothing_wrong_with_a_good_redis(
    of_redis: Doctor, configuration: Integration, own_server: RedisServer
) -> None:
    version = own_server.client.info()["redis_version"]
    assert of_redis.lines() == [
        *everywhere(configuration),
        f"ok       Redis version: {version}",
        "ok       Redis writes: taken",
        "ok       Redis persistence: each write goes to its log on disk (appendonly)",
        "ok       Redis eviction: noeviction",
        "ok       Redis clock: as ours",
        "ok       encryption: 1 key",
        "ok       records: 0, all can be read",
    ]


def test_doctor_names_each_setting_that_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Doctor(["--yaml", str(tmp_path / "tokens")], capsys).lines(wrong=True)
    names = ("WEBEX_BOT_TOKEN", "WEBEX_CLIENT_ID", "WEBEX_CLIENT_SECRET", "WEBEX_REDIRECT_URL")
    for line, name in zip(lines, names, strict=False):
        assert line.startswith(f"wrong    {name}: is not set; ")
        assert "developer.webex.com" in line
    assert [line.split(":")[0] for line in lines[4:]] == [
        "warning  scopes", "ok       folder", "ok       file", "warning  encryption", "ok       records",
    ]  # fmt: skip


def test_doctor_misses_no_redirect_address_where_people_confirm_a_code(
    of_file: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEBEX_REDIRECT_URL")
    subjects = [line[9:].partition(":")[0] for line in of_file.lines("--device")]
    assert "redirect address" not in subjects
    assert "WEBEX_REDIRECT_URL" not in subjects


@pytest.mark.parametrize(
    ("name", "value", "subject", "said"),
    [
        ("WEBEX_BOT_TOKEN", "hush ", "WEBEX_BOT_TOKEN", "wrong: begins or ends with white space"),
        ("WEBEX_BOT_TOKEN", '"hush"', "WEBEX_BOT_TOKEN", "wrong: has characters that do not belong there"),
        ("WEBEX_CLIENT_ID", "hush hush", "WEBEX_CLIENT_ID", "wrong: has a space in it"),
        ("WEBEX_CLIENT_SECRET", "hüsh", "WEBEX_CLIENT_SECRET", "wrong: has characters that do not belong"),
        ("WEBEX_REDIRECT_URL", "hush", "WEBEX_REDIRECT_URL", "wrong: is not a full address"),
        ("WEBEX_AUTH_SERVICE", "hush", "WEBEX_AUTH_SERVICE", "wrong: is not a full address"),
        ("WEBEX_TOKEN_SERVICE", "http://hush.com", "WEBEX_TOKEN_SERVICE", "wrong: has to be https"),
        ("WEBEX_SCOPES", "", "scopes", "warning: WEBEX_SCOPES is not set"),
        ("WEBEX_SCOPES", "spark:people_read,hush", "scopes", "wrong: 1 of 1 cannot be a scope"),
        ("WEBEX_SCOPES", "spark:rooms_read", "scopes", "wrong: spark:people_read is missing"),
        ("WEBEX_SCOPES", "spark:all", "scopes", "ok: spark:all"),
        ("WEBEX_BOT_TOKEN", "hush", "bot token", "wrong: Webex refuses it (HTTP 401); renew"),
        ("WEBEX_CLIENT_ID", "hush", "client id and secret", "wrong: Webex refuses them (HTTP 401); copy"),
        ("WEBEX_CLIENT_SECRET", "hush", "client id and secret", "wrong: Webex refuses them (HTTP 401)"),
        (
            "WEBEX_REDIRECT_URL", "http://me:hush@example.com/redirect?hush",
            "redirect address", "wrong: http://example.com/redirect is not https; use https",
        ),
        ("WEBEX_BOT_AUTH_KEYS", "", "encryption", "warning: none: whoever reads the store"),
        ("WEBEX_BOT_AUTH_KEYS", "hush", "encryption", "wrong: WEBEX_BOT_AUTH_KEYS: each has to be 32 bytes"),
        ("WEBEX_BOT_AUTH_KEYS", f"{NEW_KEY},{KEY}", "encryption", "ok: 2 keys, the first encrypts"),
    ],
)  # fmt: skip
def test_doctor_sees_a_wrong_setting_and_does_not_repeat_it(
    of_file: Doctor, name: str, value: str, subject: str, said: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv(name, value)
    assert of_file.line(subject).startswith(said)
    main([*of_file.store, "doctor"])
    everything = capsys.readouterr()
    assert "hush" not in (everything.out + everything.err)
    lines = [line for line in everything.out.splitlines()[:-2] if not line.startswith("ok")]
    assert len(lines) == (0 if said.startswith("ok") else 1), "the other checks go on, and find nothing"


def test_doctor_wants_a_bots_token(of_file: Doctor, cloud: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBEX_BOT_TOKEN", cloud.add_person("Alice Adams").token)
    assert of_file.line("bot token").startswith("wrong: belongs to Alice Adams: a person, not a bot; put")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 503}, "warning: not checked, Webex answers HTTP 503; try again"),
        ({"status": 429, "retry_after": 60}, "warning: not checked, Webex answers HTTP 429"),
        ({"reset": True}, "wrong: Webex cannot be reached (ConnectionError); look at the network"),
        ({"html": True}, "wrong: something else than Webex answers"),
        ({"empty": True}, "wrong: something else than Webex answers"),
        ({"wrong_types": True}, "wrong: something else than Webex answers"),
    ],
)
def test_doctor_says_what_webex_answers_to_the_bots_token(
    of_file: Doctor, cloud: Sandbox, fault: dict[str, Any], said: str
) -> None:
    with cloud.faults.rest("/v1/people/me", **fault):
        assert of_file.line("bot token").startswith(said)
    assert of_file.line("bot token") == "ok: of the bot Echo Bot"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 503}, "warning: not checked, the token endpoint answers HTTP 503"),
        ({"status": 404}, "wrong: the token endpoint answers HTTP 404; look at WEBEX_TOKEN_SERVICE"),
        ({"html": True}, "wrong: the token endpoint gives no usable answer (answer is not a JSON object)"),
        ({"reset": True}, "wrong: the token endpoint gives no usable answer (ConnectionError)"),
    ],
)
def test_doctor_says_what_the_token_endpoint_answers(
    of_file: Doctor, cloud: Sandbox, fault: dict[str, Any], said: str
) -> None:
    with cloud.faults.token(**fault):
        assert of_file.line("client id and secret").startswith(said)


def test_doctor_does_not_take_any_endpoint_for_a_token_endpoint(
    of_file: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(answer(200, {"access_token": "a"})) as server:
        monkeypatch.setenv("WEBEX_TOKEN_SERVICE", server.url)
        assert of_file.line("client id and secret").startswith("wrong: a nonsense token was taken")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(90, "warning: 90 s behind Webex's; let NTP"), (-90, "warning: 90 s ahead of Webex's"), (30, "ok: as")],
)
def test_doctor_compares_the_clock_with_webex(
    of_file: Doctor, seconds: float, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=seconds + 0.9), usegmt=True)
    with RawServer(answer(401, {}, Date=theirs)) as server:
        monkeypatch.setattr(RestSession, "BASE", server.url)
        assert re.sub(r"\b(89|91)\b", "90", of_file.line("clock")).startswith(said)


def test_doctor_says_that_it_has_no_time_to_compare_with(
    of_file: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bytes_ in (answer(401, {}), answer(401, {}, Date="yesterday")):
        with RawServer(bytes_) as server:
            monkeypatch.setattr(RestSession, "BASE", server.url)
            assert of_file.line("clock").startswith("warning: not compared")


def test_doctor_waits_for_nobody_for_long(
    of_file: Doctor, cloud: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "LONGEST_SECONDS", 0.5)
    with cloud.faults.rest("/v1/people/me", hang=True):
        lines = of_file.lines(wrong=True)
    assert [line for line in lines if not line.startswith("ok")] == [
        "wrong    bot token and clock: not known after 0.5 s; something on the way there does not answer: "
        "network, proxy, disk"
    ]


def test_doctor_goes_on_where_a_check_itself_fails(of_file: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    def scopes(patient: object) -> None:
        raise LookupError("hush")

    monkeypatch.setattr(doctor, "CHECKS", (scopes, *doctor.CHECKS))
    lines = of_file.lines(wrong=True)
    assert lines[0] == "wrong    scopes: the check itself failed (LookupError); please report it"
    assert all(line.startswith("ok") for line in lines[1:])


def test_doctor_says_so_offline_and_goes_on(of_redis: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setattr(RestSession, "BASE", f"{nobody}/v1")
    monkeypatch.setenv("WEBEX_TOKEN_SERVICE", f"{nobody}/v1/access_token")
    lines = of_redis.lines(wrong=True)
    assert [line.split(";")[0] for line in lines if not line.startswith("ok")] == [
        "wrong    bot token: Webex cannot be reached (ConnectionError)",
        "warning  clock: not compared, as Webex told no time",
        "wrong    client id and secret: the token endpoint gives no usable answer (ConnectionError)",
    ]


@pytest.mark.parametrize(
    ("bytes_", "said"),
    [
        (answer(302, b"", Location="https://login.example.com/?hush"),
         "is redirected to login.example.com (HTTP 302); enter"),
        (answer(404, b""), "is not found (HTTP 404); register_redirect serves /redirect"),
        (answer(502, b""), ", and nothing behind it (HTTP 502); start the web app"),
        (answer(200, b"", Server="nginx\x1b[2J"), "(HTTP 200, nginx\\x1b[2J); look which app"),
        (answer(400, b""), "(HTTP 400, unknown server); look which app"),
        (b"SSH-2.0-OpenSSH\r\n", "nothing answers at"),
    ],
)  # fmt: skip
def test_doctor_names_who_answers_at_the_redirect_address(
    of_file: Doctor, bytes_: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(bytes_) as server:
        monkeypatch.setenv("WEBEX_REDIRECT_URL", server.url)
        line = of_file.line("redirect address")
    assert line.startswith("wrong: ")
    assert said in line
    assert "hush" not in line


def test_doctor_says_that_nothing_answers_at_the_redirect_address(
    of_file: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"http://localhost:{free_port()}/redirect"
    monkeypatch.setenv("WEBEX_REDIRECT_URL", address)
    said = f"wrong: nothing answers at {address} (ConnectionError); start the bot, or look at its port"
    assert of_file.line("redirect address") == said


def test_doctor_trusts_no_certificate_that_browsers_would_not(
    of_file: Doctor, configuration: Integration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = int(configuration.redirect_url.split(":")[2].partition("/")[0])
    with tls_in_front_of(inside, tmp_path) as (port, _):
        address = f"https://localhost:{port}/redirect"
        monkeypatch.setenv("WEBEX_REDIRECT_URL", address)
        assert of_file.line("redirect address").startswith(f"wrong: the certificate of {address}")


def test_doctor_sees_that_redis_is_gone(of_redis: Doctor, own_server: RedisServer, impatient: None) -> None:
    own_server.pause()
    assert (
        of_redis.line("Redis")
        == "wrong: does not answer in time; look at the URL, the server and the network"
    )
    own_server.resume()
    own_server.stop()
    assert of_redis.line("Redis").startswith("wrong: cannot be reached")
    assert of_redis.line("records").startswith("wrong: not read: users: Redis cannot be reached")
    own_server.options["requirepass"] = "hush"
    own_server.start()
    assert of_redis.line("Redis").startswith("wrong: refuses the user name or password")


def test_doctor_knows_how_redis_keeps_things(of_redis: Doctor, own_server: RedisServer) -> None:
    own_server.client.config_set("appendonly", "no")
    none = "warning: none: a restart of Redis logs everybody out; set appendonly yes"
    assert of_redis.line("Redis persistence") == none
    own_server.client.config_set("save", "900 1")
    assert of_redis.line("Redis persistence").startswith("ok: snapshots (save)")
    own_server.client.config_set("maxmemory-policy", "allkeys-lru")
    assert of_redis.line("Redis eviction").startswith("warning: allkeys-lru: when its memory is full")
    own_server.client.config_set("maxmemory-policy", "volatile-ttl")
    assert of_redis.line("Redis eviction") == "ok: volatile-ttl"


def test_doctor_sees_a_redis_that_takes_no_writes(of_redis: Doctor, own_server: RedisServer) -> None:
    own_server.client.config_set("maxmemory", "1")
    assert of_redis.line("Redis writes").startswith("wrong: Redis answers OutOfMemoryError")
    own_server.client.config_set("maxmemory", "0")
    own_server.client.replicaof("127.0.0.1", free_port())
    assert of_redis.line("Redis writes").startswith("wrong: this is a read-only replica; give the URL of the")


def test_doctor_says_what_redis_does_not_tell(of_redis: Doctor, own_server: RedisServer) -> None:
    hidden = ["-info", "-config", "-time", "-set"]
    own_server.client.acl_setuser("guest", enabled=True, nopass=True, keys=["*"], commands=["+@all"])
    own_server.client.execute_command("ACL", "SETUSER", "guest", *hidden)
    of_redis.store[1] = own_server.url.replace("//", "//guest@")
    for fact in ("version", "persistence", "eviction", "clock"):
        assert of_redis.line(f"Redis {fact}").startswith("warning: it does not tell; ")
    assert of_redis.line("Redis writes").startswith("wrong: the Redis user lacks the right for this")


def test_doctor_compares_the_clock_with_redis(of_redis: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    for seconds, said in ((40, "40 s behind ours"), (-40, "40 s ahead of ours")):
        ours = functools.partial(lambda ahead: utc_now() + timedelta(seconds=ahead), seconds)
        monkeypatch.setattr(redis_diagnosis, "utc_now", ours)
        assert of_redis.line("Redis clock").startswith(f"warning: {said}; let NTP")


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("5.0.14", "wrong    Redis version: 5.0.14 is too old; update it to 6.2 or later"),
        ("6.0.16", "wrong    Redis version: 6.0.16 is too old; update it to 6.2 or later"),
        ("6.2.0", "ok       Redis version: 6.2.0"),
        ("10.0.0", "ok       Redis version: 10.0.0"),
        ("unstable", "warning  Redis version: it does not tell; ask whoever runs it: 6.2 or later is needed"),
    ],
)
def test_doctor_knows_which_redis_is_too_old(version: str, said: str) -> None:
    health = RedisHealth(version, False, None, True, True, "noeviction", 0.0)
    assert str(next(iter(redis_store.judged(health)))) == said


def test_doctor_looks_at_the_file_and_its_folder(of_file: Doctor, tmp_path: Path) -> None:
    path = tmp_path / "tokens.yml"
    path.write_text("")
    path.chmod(0o640)
    said = f"wrong: others can read or write {path} (0640); chmod 600 {path}"
    assert of_file.line("file") == said
    path.rename(tmp_path / "other.yml")
    path.symlink_to(tmp_path / "other.yml")
    assert of_file.line("file").startswith(f"wrong: {path} is a symbolic link, which is refused")
    assert of_file.line("records").startswith(f"wrong: not read: {path}: is a symbolic link")
    path.unlink()
    path.mkdir()
    assert of_file.line("file").startswith(f"wrong: {path} is not a file")
    of_file.store[1] = "/proc/tokens"
    assert of_file.line("folder").startswith("wrong: /proc ")


def test_doctor_needs_a_store_that_can_be(of_file: Doctor, tmp_path: Path) -> None:
    for store in (["--redis-url", "nonsense"], ["--yaml", ""], ["--yaml", str(tmp_path / "no" / "tokens")]):
        of_file.store = store
        lines = of_file.lines(wrong=True)
        (wrong,) = (line for line in lines if not line.startswith("ok"))
        assert wrong.startswith(("wrong    store: ", "wrong    folder: "))


def test_doctor_counts_records_that_cannot_be_read(
    store: list[str], make: Make, configuration: Integration,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with make("token", configuration, encryption_keys=[KEY]) as sealed:
        for user_id in ("alice", "bob"):
            sealed.set_user_context(user_id=user_id, user_context=context(user_id))
    doctor = Doctor(store, capsys)
    assert doctor.line("records") == "ok: 2, all can be read"
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", NEW_KEY)
    assert doctor.line("records").startswith("wrong: 2 of 2 cannot be opened with the keys in WEBEX_BOT_AUTH")


def test_doctor_counts_damaged_records(of_file: Doctor, tmp_path: Path) -> None:
    path = tmp_path / "tokens.yml"
    path.write_text("alice: {user_id: alice, tokens: 7}\n")
    assert of_file.line("records").startswith("wrong: 1 of 1 are damaged; `users` names them")
    path.write_text("a: [")
    assert of_file.line("records").startswith(f"wrong: not read: {path}: is not YAML in line 2")


# -- secrets


@pytest.mark.holds(17)
def test_no_command_ever_prints_a_secret(
    store: list[str], make: Make, configuration: Integration, cloud: Sandbox,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level("DEBUG")
    alice, bot_token = cloud.add_person("Alice Adams"), os.environ["WEBEX_BOT_TOKEN"]
    secret = [bot_token, configuration.client_secret, KEY, NEW_KEY]
    with (
        make(bot_token, configuration) as plain,
        make(bot_token, configuration, encryption_keys=[KEY]) as sealed,
    ):
        back = came_back(cloud, plain.login_url(user_id=alice.id), alice)
        plain.process_redirect(**back)
        tokens = plain.get_user_context(user_id=alice.id).tokens  # type: ignore[union-attr]
        secret += [back["code"], tokens.access_token, tokens.refresh_token]
        sealed.set_user_context(user_id="bob", user_context=context("bob", "a-token-of-bob"))
        secret += [back["flow_id"], plain.start_flow(user_id="eve"), sealed.start_flow(user_id="eve")]
        secret += ["a-token-of-bob"]
        capsys.readouterr(), caplog.clear()
        for keys in ("", KEY, NEW_KEY, f"{NEW_KEY},{KEY}", bot_token):
            monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", keys)
            for command in ("users", "users --json", "flows", "flows --json", "doctor", "rotate"):
                main([*store, *command.split()])
        monkeypatch.setattr(RestSession, "BASE", f"http://127.0.0.1:{free_port()}/v1")
        monkeypatch.setenv("WEBEX_TOKEN_SERVICE", f"http://127.0.0.1:{free_port()}/")
        main([*store, "doctor"])
        for user in (alice.id, "bob", "bob --force", "nobody"):
            main([*store, "logout", *user.split()])
    printed = capsys.readouterr()
    assert "Echo Bot" in printed.out
    for everything in (printed.out, printed.err, caplog.text):
        assert not [one for one in secret if one in everything]
