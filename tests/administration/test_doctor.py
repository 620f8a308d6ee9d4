"""``doctor`` as a whole: a correct configuration, and checks that are not possible."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.doctor import Doctor, lines_for_any_store
from support.redis_server import RedisServer, free_port
from wxc_sdk.integration import Integration
from wxc_sdk.rest import RestSession

from webex_bot_auth import YAMLTokenManager
from webex_bot_auth.administration.checks import run_checks
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing.sample_contexts import context

pytestmark = pytest.mark.usefixtures("no_settings")


def test_doctor_finds_nothing_wrong_with_a_good_file(
    file_doctor: Doctor, configuration: Integration, tmp_path: Path
) -> None:
    assert file_doctor.lines() == [
        *lines_for_any_store(configuration),
        f"ok       folder: {tmp_path} can be written",
        f"ok       file: {tmp_path}/tokens.yml will be created by the first login",
        "ok       encryption: 1 key",
        "ok       records: 0, all can be read",
    ]
    assert not list(tmp_path.glob("tokens*"))
    with YAMLTokenManager("-", configuration, yml_base=str(tmp_path / "tokens")) as manager:
        manager.set_user_context(user_id="alice", user_context=context("alice"))
    assert file_doctor.line("file") == f"ok: only its owner can read and write {tmp_path}/tokens.yml"
    assert file_doctor.line("records") == "ok: 1, all can be read"


def test_doctor_finds_nothing_wrong_with_a_good_redis(
    redis_doctor: Doctor, configuration: Integration, durable_server: RedisServer
) -> None:
    version = durable_server.client.info()["redis_version"]
    assert redis_doctor.lines() == [
        *lines_for_any_store(configuration),
        f"ok       Redis version: {version}",
        "ok       Redis writes: accepted",
        "ok       Redis persistence: every write goes to a log on disk (appendonly)",
        "ok       Redis eviction: noeviction",
        "ok       Redis clock: same as this machine's",
        "ok       encryption: 1 key",
        "ok       records: 0, all can be read",
    ]


def test_doctor_waits_for_a_bounded_time(
    file_doctor: Doctor, cloud: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_checks, "MAX_SECONDS", 5.0)
    with cloud.faults.rest("/v1/people/me", hang=True):
        lines = file_doctor.lines(errors=True)
    assert [line for line in lines if not line.startswith("ok")] == [
        "error    bot token and clock: no result after 5 s; check the network, the proxy and the disk: "
        "one of them does not answer"
    ]


def test_doctor_continues_after_a_check_that_fails_itself(
    file_doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(configuration: object) -> None:
        raise LookupError("hush")

    monkeypatch.setattr(run_checks, "CHECKS", {"broken": broken, **run_checks.CHECKS})
    lines = file_doctor.lines(errors=True)
    assert lines[0] == "error    broken: the check itself failed (LookupError); please report this as a bug"
    assert all(line.startswith("ok") for line in lines[1:])


def test_doctor_reports_that_it_is_offline_and_continues(
    redis_doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setattr(RestSession, "BASE", f"{nobody}/v1")
    monkeypatch.setenv("WEBEX_TOKEN_SERVICE", f"{nobody}/v1/access_token")
    lines = redis_doctor.lines(errors=True)
    assert [line.split(";")[0] for line in lines if not line.startswith("ok")] == [
        "error    bot token: Webex cannot be reached (ConnectionError)",
        "warning  clock: not checked: Webex did not send its time",
        "error    client id and secret: the token endpoint gives no usable answer (ConnectionError)",
    ]


def test_doctor_reports_a_store_that_cannot_exist(file_doctor: Doctor, tmp_path: Path) -> None:
    for store in (["--redis-url", "nonsense"], ["--yaml", ""], ["--yaml", str(tmp_path / "no" / "tokens")]):
        file_doctor.store_arguments = store
        lines = file_doctor.lines(errors=True)
        (error,) = (line for line in lines if not line.startswith("ok"))
        assert error.startswith(("error    store: ", "error    folder: "))
