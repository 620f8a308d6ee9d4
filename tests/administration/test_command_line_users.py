"""``users`` lists who is logged in, ``logout`` logs a user out."""

from __future__ import annotations

import json

import pytest
from support.contexts import expiring
from support.makers import Make
from wxc_sdk.integration import Integration

from webex_bot_auth.__main__ import main
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing.redirects import log_in
from webex_bot_auth.testing.sample_contexts import context

pytestmark = pytest.mark.usefixtures("no_settings")


def test_users_lists_who_is_logged_in_until_when_and_with_which_scopes(
    store_arguments: list[str],
    store_manager: Make,
    integration: Integration,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with store_manager("token", integration) as manager:
        bob = expiring(context("bob", scope="spark:people_read spark:rooms_read"), -60)
        for user in (bob, context("alice"), context("eve\n\x1b[2J")):
            manager.set_user_context(user_id=user.user_id, user_context=user)
    assert main([*store_arguments, "users"]) == 0
    end = "2031-02-03 04:05"
    assert capsys.readouterr().out.splitlines() == [
        "USER          LOGIN UNTIL       ACCESS UNTIL      SCOPES",
        f"alice         {end}  {end}  [1]",
        f"bob           {end}  expired           [2]",
        f"eve\\n\\x1b[2J  {end}  {end}  [1]",
        "",
        "[1] not known",
        "[2] spark:people_read spark:rooms_read",
        "Times are in UTC.",
    ]
    assert main([*store_arguments, "users", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [user["id"] for user in listed] == ["alice", "bob", "eve\n\x1b[2J"]
    assert listed[0]["login_until"] == listed[0]["access_until"] == "2031-02-03T04:05:06+00:00"
    assert [user["scopes"] for user in listed] == [None, ["spark:people_read", "spark:rooms_read"], None]


def test_users_names_records_that_cannot_be_read_and_lists_the_others(
    unreadable_alice: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*unreadable_alice, "users"]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[1].startswith("bob  ")
    assert "alice: is encrypted, and no encryption_keys are configured" in said.err


@pytest.mark.parametrize("lets", [True, False])
def test_logout_deletes_the_record_and_says_whether_webex_has_revoked_the_tokens(
    store_arguments: list[str], store_manager: Make, cloud: Sandbox, lets: bool,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    rights = ["identity:tokens_read", "identity:tokens_write"] if lets else []  # of administrators
    asked = cloud.integration(scopes=["spark:people_read", *rights])
    ada = cloud.add_person("Ada Admin", admin=lets)
    with store_manager(cloud.add_bot("Echo Bot").token, asked) as manager:
        log_in(cloud, manager, ada)
        monkeypatch.setenv("WEBEX_CLIENT_ID", asked.client_id)
        assert main([*store_arguments, "logout", ada.id]) == 0
        revoked = f"{ada.id}: logged out, and Webex has revoked the tokens\n"
        kept = f"{ada.id}: logged out here, but Webex has not revoked the tokens; the person can do that at https://"
        assert capsys.readouterr().out.startswith(revoked if lets else kept)
        assert manager.get_user_context(user_id=ada.id) is None
    assert main([*store_arguments, "logout", ada.id]) == 1
    assert capsys.readouterr().err == f"{ada.id}: nobody with this address, name or id is logged in\n"
    assert main([*store_arguments, "logout", "--force", "nobody"]) == 1


def test_logout_needs_the_client_id_for_revoking_or_force(
    store_arguments: list[str],
    store_manager: Make,
    integration: Integration,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with store_manager("token", integration) as manager:
        manager.set_user_context(user_id="alice", user_context=context("alice"))
        assert main([*store_arguments, "logout", "alice"]) == 1
        assert "WEBEX_CLIENT_ID: is not set" in capsys.readouterr().err
        assert manager.get_user_context(user_id="alice")
        assert main([*store_arguments, "logout", "alice", "--force"]) == 0
        assert manager.get_user_context(user_id="alice") is None
    assert main([*store_arguments, "logout", "alice", "--force"]) == 1
    assert "nobody with this address" in capsys.readouterr().err


@pytest.mark.parametrize("known", [False, True], ids=["no client id", "the client id"])
def test_logout_with_force_deletes_a_record_that_cannot_be_read(
    unreadable_alice: list[str], known: bool, store_manager: Make, integration: Integration,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("WEBEX_CLIENT_ID", integration.client_id)
    assert main([*unreadable_alice, "logout", "alice"]) == 1
    assert "use logout --force to delete it anyway" in capsys.readouterr().err
    monkeypatch.setenv("WEBEX_CLIENT_ID", integration.client_id if known else "")
    assert main([*unreadable_alice, "logout", "alice", "--force"]) == 0
    assert "alice: logged out here" in capsys.readouterr().out
    with store_manager("token", integration) as manager:
        assert set(manager.contexts.users()) == {"bob"}  # type: ignore[attr-defined]
