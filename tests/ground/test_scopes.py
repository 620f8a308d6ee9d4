"""What ``spark:all`` stands for, and what a login asks for where an integration has it."""

from __future__ import annotations

import pytest
from wxc_sdk.integration import Integration

from webex_bot_auth.ground.scopes import lacking
from webex_bot_auth.user_context.settings import check_login_scopes
from webex_bot_auth.webex.oauth import WebexOAuth


def integration(scopes: str) -> Integration:
    return Integration(
        client_id="C1", client_secret="s", scopes=scopes, redirect_url="http://localhost:5000/redirect"
    )


@pytest.mark.parametrize(
    ("known", "needed", "lacks"),
    [
        ("spark:all", "spark:rooms_read spark:kms spark:people_read", ""),
        ("spark:all", "spark-admin:people_read meeting:schedules_read sparkle:x", "*"),
        ("spark:rooms_read", "spark:all spark:rooms_write spark:rooms_read", "spark:all spark:rooms_write"),
        ("meeting:all", "meeting:schedules_read", "*"),
        ("spark:all,meeting:schedules_read", "meeting:schedules_read spark:rooms_read", ""),
        ("", "spark:rooms_read", "*"),
        ("spark:rooms_read", "", ""),
    ],
)
def test_all_stands_for_every_scope_of_its_kind(known: str, needed: str, lacks: str) -> None:
    expected = (needed if lacks == "*" else lacks).split()
    assert lacking(known, needed.split()) == lacking(known.split(","), needed.split()) == expected


@pytest.mark.parametrize(
    ("own", "needed", "granted", "asked"),
    [
        ("spark:all", "spark:rooms_read", None, "spark:all"),
        ("spark:all", "spark:rooms_read spark:rooms_write", "spark:all", "spark:all"),
        ("spark:all meeting:x", "meeting:x", None, "meeting:x spark:all"),
        ("spark:all meeting:x", "spark:rooms_read", "meeting:x", "spark:all meeting:x"),
        ("spark:all meeting:x", "meeting:y", None, "meeting:y spark:all"),
        ("spark:all spark:rooms_read", "spark:rooms_read", None, "spark:rooms_read spark:all"),
        ("spark:all spark:people_read", "meeting:y", None, "meeting:y spark:people_read"),
        ("spark:people_read spark:rooms_read", "", "spark:all", "spark:people_read spark:rooms_read"),
        ("spark:people_read", "", "spark:rooms_read", "spark:people_read"),
        ("spark:all", "meeting:x", "spark:rooms_read", "meeting:x spark:all"),
        ("spark:people_read spark:rooms_read", "spark:all", None, "spark:all spark:people_read"),
        ("meeting:x", "meeting:x", None, "meeting:x"),
        ("spark:all spark:kms", "spark:rooms_read", "spark:all spark:kms", "spark:all spark:kms"),
    ],
)  # fmt: skip
def test_a_login_asks_for_what_the_integration_is_registered_with(
    own: str, needed: str, granted: str | None, asked: str
) -> None:
    oauth = WebexOAuth(integration(own))
    assert oauth.with_granted(needed.split(), granted) == asked.split()


def test_login_scopes_are_a_part_of_all() -> None:
    own = integration("spark:all meeting:x")
    login_scopes = check_login_scopes("spark:rooms_read", own)
    assert WebexOAuth(own, login_scopes=login_scopes).login_scopes == ["spark:all"]
