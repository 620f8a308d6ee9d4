"""The redirect page in other applications: their error handlers, token managers and texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from support.login_endings import ENDINGS, done, every_ending
from support.minimal_manager import MinimalTokenManager
from support.redirect_page import Scene, app_for, check_headers, one_backend

from webex_bot_auth import Texts
from webex_bot_auth.chat.texts import PageText
from webex_bot_auth.errors import SettingError
from webex_bot_auth.sandbox import Sandbox


@pytest.mark.holds(13)
@one_backend
@every_ending
def test_an_applications_own_error_handlers_change_no_page(scene: Scene, tmp_path: Path, ending: Any) -> None:
    def meddle(error: Any) -> Any:
        return "the application's own page", 200

    make_app = app_for

    def with_handlers(app: Flask) -> Flask:
        for what in (400, 403, 404, 405, 410, 500, 502, 503, Exception):
            app.register_error_handler(what, meddle)
        return app

    scene.app = with_handlers(make_app(scene.manager))
    answer = ending(scene, tmp_path)
    assert answer.status_code == ENDINGS[ending][0]
    assert "the application's own page" not in answer.text
    assert scene.app.test_client().get("/elsewhere").text in ("the application's own page", _not_found())


def _not_found() -> str:
    return Flask("other").test_client().get("/elsewhere").text


@pytest.mark.holds(13)
def test_an_answer_of_the_application_in_its_place_has_the_headers_too(minimal: Flask) -> None:
    minimal.before_request(lambda: ("we are closed", 503))
    answer = minimal.test_client().get("/redirect?state=the-flow&code=the-code")
    assert (answer.status_code, answer.text) == (503, "we are closed")
    check_headers(answer)
    assert "Content-Security-Policy" not in minimal.test_client().get("/elsewhere").headers


@pytest.fixture
def minimal(cloud: Sandbox) -> Iterator[Flask]:
    with MinimalTokenManager(cloud.add_bot("Echo Bot").token, cloud.integration()) as manager:
        yield app_for(manager)


def test_a_manager_with_three_methods_has_a_page_for_its_text(minimal: Flask) -> None:
    answer = minimal.test_client().get("/redirect?state=the-flow&code=the-code")
    assert answer.status_code == 200
    assert "Welcome &lt;b&gt;the-flow&lt;/b&gt;, thanks for the-code" in answer.text
    check_headers(answer)


@pytest.mark.parametrize(
    ("query", "status"),
    [("state=the-flow&error=access_denied", 403), ("error=access_denied", 403), ("state=the-flow", 400),
     ("state=the-flow&error=server_error", 503)],
)  # fmt: skip
def test_a_manager_with_three_methods_has_the_other_pages_as_well(
    minimal: Flask, query: str, status: int
) -> None:
    answer = minimal.test_client().get(f"/redirect?{query}")
    assert answer.status_code == status
    check_headers(answer)


@pytest.mark.holds(13, 15)
@pytest.mark.parametrize("debug", [False, True])
def test_a_fault_in_a_manager_shows_no_traceback_even_while_debugging(minimal: Flask, debug: bool) -> None:
    minimal.debug = debug
    answer = minimal.test_client().get("/redirect?state=the-flow&code=fail")
    assert answer.status_code in (500, 503)
    assert "Traceback" not in answer.text
    assert "the-secret" not in answer.text
    check_headers(answer)


@one_backend
def test_the_page_has_the_texts_that_the_application_chooses(scene: Scene, tmp_path: Path) -> None:
    said = PageText("Angemeldet ✓ & <fertig>", "Das gilt {minutes} Minuten, „ja“.", "Zurück zu Webex.")
    scene.serve_new_manager(texts=Texts(page_done=said))
    page = done(scene, tmp_path).text
    assert "<title>Angemeldet ✓ &amp; &lt;fertig&gt;</title>" in page
    assert "<h1>Angemeldet ✓ &amp; &lt;fertig&gt;</h1>" in page
    assert "Das gilt 10 Minuten, „ja“." in page
    assert "Zurück zu Webex." in page


@one_backend
@pytest.mark.parametrize("part", ["title", "sentence", "next_step"])
def test_minutes_are_filled_in_wherever_a_page_names_them(scene: Scene, tmp_path: Path, part: str) -> None:
    said = PageText(**{"title": "t", "sentence": "s", "next_step": "n", part: "within {minutes} minutes"})
    scene.serve_new_manager(texts=Texts(page_done=said))
    assert "within 10 minutes" in done(scene, tmp_path).text


@pytest.mark.parametrize("part", ["title", "sentence", "next_step"])
@pytest.mark.parametrize("word", ["name", "command", "nonsense"])
def test_a_word_that_a_page_cannot_fill_in_stops_the_start(part: str, word: str) -> None:
    said = {"title": "t", "sentence": "s", "next_step": "n", part: f"Hello {{{word}}}"}
    with pytest.raises(SettingError, match="page_done"):
        Texts(page_done=PageText(**said))
