"""webex_bot acknowledges each message on the connection that brought it."""

from __future__ import annotations

import pytest
from support.waiting import wait_until
from support.whoami import Whoami
from wxc_sdk.tokens import Tokens

from webex_bot_auth import UserContext
from webex_bot_auth.sandbox import Person
from webex_bot_auth.testing import WebexSandbox


def context(person: Person) -> UserContext:
    return UserContext(user_id=person.id, tokens=Tokens(access_token=person.token))


def test_one_that_fails_is_logged_and_the_command_runs_all_the_same(
    webex_sandbox: WebexSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    bot, alice = webex_sandbox.run(Whoami), webex_sandbox.add_person("Alice Adams")
    bot.manager.set_user_context(user_id=alice.id, user_context=context(alice))  # no message but one comes
    with (
        webex_sandbox.faults.rest("/v1/messages", method="GET", hang=True, times=1) as reading,
        webex_sandbox.faults.websocket(refuse=404, times=2) as refused,  # webex_bot waits 5 s after each
    ):
        asked = bot.hears(alice, "whoami")
        reading.wait()
        webex_sandbox.disconnect(bot.person)
        wait_until(lambda: refused.seen, "the bot tries to connect again")
        assert "not acknowledged" not in caplog.text
        reading.clear()
        bot.answer_to(asked, "You are Alice Adams")
        wait_until(lambda: "a message was not acknowledged: Connection" in caplog.text, "it is logged")
