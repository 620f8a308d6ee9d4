"""The end of a login in the browser: every status and page, and what no page may contain."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from pathlib import Path
from typing import Any

import pytest
from support.login_endings import ENDINGS, done, done_before, every_ending, expired, store_down
from support.redirect_page import Scene, check_headers, one_backend
from support.wording import TEXTS

from webex_bot_auth import UserContext
from webex_bot_auth.chat.texts import PageText


@every_ending
def test_each_ending_has_its_status_and_page(scene: Scene, tmp_path: Path, ending: Any) -> None:
    answer = ending(scene, tmp_path)
    status, page = ENDINGS[ending]
    assert answer.status_code == status
    assert answer.content_type == "text/html; charset=utf-8"
    if page:
        text: PageText = getattr(TEXTS, f"page_{page}")
        shown = html.unescape(answer.text)
        for part in (text.title, text.sentence, text.next_step):
            assert part.format(minutes=1 if ending is expired else 10) in shown
    if ending is not store_down:
        assert bool(_context(scene)) == (ending in (done, done_before))


def _context(scene: Scene) -> UserContext | None:
    return scene.manager.get_user_context(user_id=scene.alice.id)


@pytest.mark.holds(13)
@one_backend
@every_ending
def test_each_ending_has_the_security_headers(scene: Scene, tmp_path: Path, ending: Any) -> None:
    check_headers(ending(scene, tmp_path))


@pytest.mark.holds(13)
@one_backend
def test_the_style_sheet_is_the_one_that_the_policy_names(scene: Scene, tmp_path: Path) -> None:
    answer = done(scene, tmp_path)
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in answer.headers["Content-Security-Policy"]


@every_ending
@one_backend
def test_no_page_has_a_script_or_anything_from_outside(scene: Scene, tmp_path: Path, ending: Any) -> None:
    page = ending(scene, tmp_path).text
    assert not re.search(
        r"<script|<link|<img|<iframe|javascript:|\bon\w+=|url\(|@import|//",
        re.sub(r'<a [^>]*href="[^"]*"', "", page),
        re.IGNORECASE,
    )


@pytest.mark.holds(5, 15)
@every_ending
def test_no_answer_holds_a_token_a_traceback_or_another_persons_name(
    scene: Scene, tmp_path: Path, ending: Any
) -> None:
    answer = ending(scene, tmp_path)
    said = f"{answer.headers}{answer.text}"
    for person in (scene.alice, scene.bob):
        for hidden in (
            person.id,
            person.uuid,
            person.email,
            person.display_name,
            *person.display_name.split(),
        ):
            assert hidden not in said
    calls = scene.cloud.calls
    secrets = {value for call in calls for name, value in call.form.items() if _is_secret(name)}
    secrets |= scene.cloud.secrets()
    secrets.add(scene.manager.integration.client_secret)
    assert [secret for secret in secrets if len(secret) > 20 and secret in said] == []
    assert "Traceback" not in said
    assert "webex_bot_auth" not in said


def _is_secret(name: str) -> bool:
    return name in ("code", "code_verifier", "client_secret", "refresh_token", "state")


@pytest.mark.holds(5, 40)
def test_a_wrong_person_leaves_nothing_stored_and_nobody_learns_who_it_was(scene: Scene) -> None:
    answer = scene.open(scene.query_after_login(by=scene.bob))
    assert answer.status_code == 403
    (told,) = scene.messages_to(scene.alice)
    assert told.startswith(f"{TEXTS.someone_else} {TEXTS.use_new_button}")
    assert scene.messages_to(scene.bob) == []
    for person in (scene.alice, scene.bob):
        assert scene.manager.get_user_context(user_id=person.id) is None
    assert [call.path for call in scene.cloud.calls if call.person == scene.bob] == ["/v1/people/me"]


@pytest.mark.holds(28)
@one_backend
@pytest.mark.parametrize(
    "fault",
    [{"status": 500}, {"status": 429}, {"status": 404}, {"reset": True}, {"html": True}, {"empty": True},
     {"wrong_types": True}],
    ids=str,
)  # fmt: skip
def test_where_webex_does_not_say_who_signed_in_the_login_is_offered_again(scene: Scene, fault: Any) -> None:
    query = scene.query_after_login()
    with scene.cloud.faults.rest("/v1/people/me", **fault):
        answer = scene.open(query)
    assert answer.status_code == 503
    assert _context(scene) is None
    (told,) = scene.messages_to(scene.alice)
    assert told.startswith(TEXTS.try_login_again)


@one_backend
@pytest.mark.parametrize(
    "fault",
    [{"status": 500}, {"status": 403}, {"status": 429}, {"reset": True}, {"html": True}, {"empty": True},
     {"wrong_types": True}],
    ids=str,
)  # fmt: skip
def test_a_login_counts_where_the_chat_message_about_it_fails(scene: Scene, fault: Any) -> None:
    query = scene.query_after_login()
    with scene.cloud.faults.rest("/v1/messages", **fault):
        answer = scene.open(query)
    assert answer.status_code == 200
    assert _context(scene)
