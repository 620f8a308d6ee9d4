"""Where a person is told that the reason is in the log, one ERROR line names the setting and the fix."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from support.makers import Make
from support.whoami import Whoami
from support.wording import TEXTS

from webex_bot_auth.errors import MessageNotSent
from webex_bot_auth.sandbox import Message, Person
from webex_bot_auth.testing import RunningBot, WebexSandbox

Fail = Callable[[RunningBot, Message, Person], int]


def refused_scope(bot: RunningBot, card: Message, alice: Person) -> int:
    """The scope is in the bot's settings, and not ticked at developer.webex.com."""
    bot.manager.integration.scopes.append("spark:calls_read")
    return bot.press_login(bot.login_card(alice, after=bot.hears(alice, "login")), alice).status_code


def wrong_secret(bot: RunningBot, card: Message, alice: Person) -> int:
    bot.manager.integration.client_secret = "wrong"
    return bot.press_login(card, alice).status_code


def no_people_read(bot: RunningBot, card: Message, alice: Person) -> int:
    with bot.sandbox.faults.rest("/v1/people/me", status=403):
        return bot.press_login(card, alice).status_code


@pytest.mark.parametrize(
    ("fail", "names"),
    [
        (
            refused_scope,
            [
                "for spark:people_read spark:calls_read failed",
                "'invalid_scope'",
                "integration.scopes",
                "developer.webex.com",
            ],
        ),
        (wrong_secret, ["integration.client_id, client_secret", "developer.webex.com"]),
        (
            no_people_read,
            ["add spark:people_read (or spark:all) to integration.scopes", "developer.webex.com"],
        ),
    ],
)
def test_a_login_that_the_settings_prevent_is_one_error_that_names_the_setting_and_the_fix(
    webex_sandbox: WebexSandbox, caplog: pytest.LogCaptureFixture, fail: Fail, names: list[str]
) -> None:
    bot, alice = webex_sandbox.run(Whoami), webex_sandbox.add_person("Alice Adams")
    card = bot.login_card(alice, after=bot.hears(alice, "whoami"))
    caplog.clear()
    assert fail(bot, card, alice) == 502
    assert bot.answer_to(card, TEXTS.not_set_up)
    (line,) = [
        record.getMessage()
        for record in caplog.records
        # the bot may also look at a card of its own that is deleted by now, which commands/ logs
        if record.levelno >= logging.ERROR and record.name.startswith("webex_bot_auth.logins.")
    ]
    assert [name for name in names if name not in line] == []


def test_a_refused_bot_token_is_not_blamed_on_the_integration(
    webex_sandbox: WebexSandbox, yaml_manager: Make, caplog: pytest.LogCaptureFixture
) -> None:
    alice = webex_sandbox.add_person("Alice Adams")
    with yaml_manager("no-such-token", webex_sandbox.integration()) as manager:
        with pytest.raises(MessageNotSent, match="it refuses the bot token"):
            manager.request_login(user_id=alice.id)
        manager.chat.bot.get()
    logged = [one for one in caplog.records if one.name.startswith("webex_bot_auth.chat.")]
    (line,) = [one.getMessage() for one in logged if one.levelno >= logging.WARNING]
    assert line.startswith("Webex refuses the bot token (HTTP 401)")
