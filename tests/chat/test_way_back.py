"""The page at the end of a login: who speaks, in which language, and the way back to the conversation."""

from __future__ import annotations

import base64
import html
import re
from pathlib import Path
from typing import Any

import pytest
from support.redirect_page import Scene, check_headers, one_backend
from support.whoami import Whoami
from support.wording import TEXTS
from wxc_sdk.rest import RestSession

from webex_bot_auth import Texts
from webex_bot_auth.errors import SettingError
from webex_bot_auth.testing import WebexSandbox


def test_a_person_logs_in_goes_back_and_finds_the_answer_in_the_place_of_the_card(
    cloud: WebexSandbox, browser: Any
) -> None:
    alice = cloud.add_person("Alice Adams")
    cloud.add_person("Bob Brown")
    bot = cloud.run(Whoami, name="Echo Bot")
    asked = bot.hears(alice, "whoami")
    bot.login_card(alice)
    context = browser.new_context()
    chat = context.new_page()
    chat.goto(f"{cloud.url}/open?email={bot.person.email}")
    with context.expect_page() as opened:
        chat.get_by_role("link", name=TEXTS.login_button).click()
    login = opened.value
    login.get_by_label("Alice Adams").check()
    login.get_by_role("button", name="Approve").click()
    login.get_by_role("heading", name=TEXTS.page_done.title).wait_for()
    assert login.locator("header").inner_text() == "Echo Bot"
    login.get_by_role("link", name=TEXTS.page_back.format(bot="Echo Bot")).click()
    for page in (chat, login):
        page.locator("#messages").get_by_text("You are Alice Adams", exact=True).wait_for()
        page.get_by_role("link", name=TEXTS.login_button).wait_for(state="detached")
    assert bot.answer_to(asked, "You are Alice Adams")
    login.go_back()  # the browser asks once more, and the page does not claim that something went wrong
    login.get_by_role("heading", name=TEXTS.page_done_before.title).wait_for()
    context.close()


@one_backend
def test_outside_of_a_sandbox_the_button_opens_the_app_and_a_link_the_web_client(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = scene.query_after_login()
    assert scene.open(query).status_code == 200  # the bot's name is known from now on
    monkeypatch.setattr(RestSession, "BASE", "https://webexapis.com/v1")
    page = html.unescape(scene.open(query).text)
    email = scene.cloud.people()[0].email
    assert re.findall(r'<a[^>]* href="([^"]*)"', page) == [
        f"webexteams://im?email={email.replace('@', '%40')}",
        "https://web.webex.com",
    ]


@one_backend
def test_where_webex_does_not_tell_the_bots_name_the_page_is_there_all_the_same(scene: Scene) -> None:
    query = scene.query_after_login(deny=True)
    with scene.cloud.faults.rest("/v1/people/me", status=503):
        page = scene.open(query)
    assert page.status_code == 403
    assert TEXTS.page_back.format(bot=TEXTS.this_bot) in page.text


@pytest.mark.holds(13)
@one_backend
def test_language_direction_and_logo_follow_the_texts(scene: Scene, tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    logo.write_bytes(b"\x89PNG")
    texts = {
        None: Texts(),
        scene.alice.id: Texts(lang="he", dir="rtl", company='ACME "<b>', logo=str(logo)),
    }
    scene.serve_new_manager(texts=texts.get)
    page = scene.open(scene.query_after_login())
    assert '<html lang="he" dir="rtl">' in page.text
    image = base64.b64encode(b"\x89PNG").decode()
    assert f'<img src="data:image/png;base64,{image}" alt="ACME &#34;&lt;b&gt;">' in page.text
    assert page.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'; img-src data:")
    other = scene.open("error=access_denied")
    assert '<html lang="en" dir="ltr">' in other.text
    check_headers(other)


@pytest.mark.parametrize(
    ("logo", "said"),
    [("missing.png", "cannot be read"), ("logo.txt", "has to be"), ("https://example.com/logo", "has to be")],
)
def test_a_logo_that_cannot_be_shown_is_refused_at_the_start(logo: str, said: str) -> None:
    with pytest.raises(SettingError, match=f"texts.logo: .*{said}"):
        Texts(logo=logo)
