"""The integration, or a person, is taken away at Webex: what people read, and what the operator finds.

docs/troubleshooting.md has a row for each.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests
from support.contexts import expiring
from support.documented import ROOT
from support.wording import TEXTS
from webex_bot.models.command import Command

from webex_bot_auth import UserTokenMixin, requires_user_token
from webex_bot_auth.errors import LoginRequired, MessageNotSent
from webex_bot_auth.sandbox import Person
from webex_bot_auth.testing import RunningBot, WebexSandbox


class Spaces(UserTokenMixin, Command):  # type: ignore[misc]  # webex_bot has no types
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="spaces", help_message="How many spaces?", **kwargs)

    @requires_user_token(scopes=["spark:rooms_read"])
    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        return f"You have {len(list(self.user_api.rooms.list()))} spaces"


@pytest.fixture
def bot(webex_sandbox: WebexSandbox, alice: Person) -> RunningBot:
    """A bot to which Alice has logged in."""
    bot = webex_sandbox.run(Spaces)
    bot.log_in(alice)
    return bot


@pytest.fixture
def rows() -> list[str]:
    """What troubleshooting says about it."""
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    section = page.partition("## When the integration is taken away")[2].partition("\n## ")[0]
    return re.findall(r"`([^`]+)`", section)


def register_again(webex_sandbox: WebexSandbox, bot: RunningBot, **changed: Any) -> None:
    """Change the integration at Webex, and not in the bot's settings."""
    now = bot.manager.integration
    settings = {name: getattr(now, name) for name in ("client_id", "client_secret", "scopes", "redirect_url")}
    webex_sandbox.integration(**{**settings, **changed})


def log_in_anew(webex_sandbox: WebexSandbox, bot: RunningBot) -> tuple[int, str]:
    """Let somebody log in for the first time; return the status of the page, and what the bot says."""
    bob = webex_sandbox.add_person("Bob Brown")
    bot.hears(bob, "spaces")
    card = bot.login_card(bob)
    return bot.press_login(card, bob).status_code, bot.answer_to(card).text


def expire(bot: RunningBot, person: Person) -> None:
    context = bot.manager.get_user_context(user_id=person.id)
    assert context
    bot.manager.set_user_context(user_id=person.id, user_context=expiring(context, -1))


def test_the_secret_is_changed(
    bot: RunningBot,
    webex_sandbox: WebexSandbox,
    alice: Person,
    caplog: pytest.LogCaptureFixture,
    rows: list[str],
) -> None:
    register_again(webex_sandbox, bot, client_secret="another one")
    assert "You have" in bot.ask(alice, "spaces").text  # until the access token expires
    assert log_in_anew(webex_sandbox, bot) == (502, TEXTS.not_set_up)
    expire(bot, alice)
    for _ in range(2):  # the second time, Webex is not asked
        assert bot.ask(alice, "spaces").text == TEXTS.not_set_up
    assert "the token service refused this integration" in rows
    assert "login failed: the token service refused this integration" in caplog.text
    register_again(webex_sandbox, bot)  # the operator sets the new secret; here, Webex takes the old one
    assert bot.manager.get_user_context(user_id=alice.id), "nobody is logged out"


def test_it_is_deleted(
    bot: RunningBot,
    webex_sandbox: WebexSandbox,
    alice: Person,
    caplog: pytest.LogCaptureFixture,
    rows: list[str],
) -> None:
    webex_sandbox.remove_integration(bot.manager.integration)
    assert bot.ask(alice, "spaces").text == TEXTS.not_set_up
    assert "refused token not renewed" in rows
    assert re.search("refused token not renewed: .* refused this integration", caplog.text)


def test_a_scope_is_removed(
    bot: RunningBot,
    webex_sandbox: WebexSandbox,
    alice: Person,
    caplog: pytest.LogCaptureFixture,
    rows: list[str],
) -> None:
    register_again(webex_sandbox, bot, scopes=["spark:people_read"])
    assert "You have" in bot.ask(alice, "spaces").text  # who had granted it keeps it
    assert log_in_anew(webex_sandbox, bot) == (502, TEXTS.not_set_up)
    assert "failed: Webex answers 'invalid_scope'" in rows
    assert "failed: Webex answers 'invalid_scope'" in caplog.text


def test_a_person_is_deactivated(
    bot: RunningBot,
    webex_sandbox: WebexSandbox,
    alice: Person,
    caplog: pytest.LogCaptureFixture,
    rows: list[str],
) -> None:
    caplog.set_level("INFO", "webex_bot_auth")
    admin = webex_sandbox.add_person("Ada Admin", admin=True)
    requests.delete(
        f"{webex_sandbox.url}/v1/people/{alice.id}",
        headers={"Authorization": f"Bearer {admin.token}"},
        timeout=30,
    ).raise_for_status()
    with pytest.raises(LoginRequired), bot.manager.api(user_id=alice.id) as api:
        api.people.me()
    assert bot.manager.get_user_context(user_id=alice.id) is None
    with pytest.raises(MessageNotSent):
        bot.manager.request_login(user_id=alice.id)
    assert "refresh refused, a new login is needed" in rows
    assert "refresh refused, a new login is needed" in caplog.text
