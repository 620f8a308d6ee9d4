"""A bot that was not registered: nothing is promised that will not happen, and a warning says what to add."""

from __future__ import annotations

import pytest
from support.makers import Make
from support.whoami import Whoami
from support.wording import TEXTS
from webex_bot.webex_bot import WebexBot
from wxc_sdk.integration import Integration

from webex_bot_auth.errors import SettingError
from webex_bot_auth.sandbox import Person
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.testing.redirects import log_in


def test_the_card_and_the_welcome_promise_nothing_and_a_warning_says_what_to_add(
    cloud: WebexSandbox,
    yaml_manager: Make,
    integration: Integration,
    alice: Person,
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = cloud.add_bot("Echo Bot").token
    with yaml_manager(token, integration) as manager:
        webex_bot = WebexBot(teams_bot_token=token)
        webex_bot.add_command(Whoami(token_manager=manager))
        bot = cloud.start_bot(webex_bot, manager)
        for _ in range(2):
            card = bot.login_card(alice, after=bot.hears(alice, "whoami"))
        assert TEXTS.login_then_send_again.format(command="whoami") in str(card.card)
        assert TEXTS.login_then_runs.format(command="whoami") not in str(card.card)
        log_in(cloud, manager, alice)
        assert bot.answer_to(card).text == TEXTS.logged_in.format(name="Alice Adams")
        assert bot.ask(alice, "whoami").text == "You are Alice Adams"
    said = [
        record.getMessage() for record in caplog.records if "register_bot(bot=...)" in record.getMessage()
    ]
    assert len(said) == 1


def test_a_bot_with_another_token_than_the_managers_is_refused(
    cloud: WebexSandbox, yaml_manager: Make, integration: Integration
) -> None:
    one, other = cloud.add_bot("One Bot"), cloud.add_bot("Other Bot")
    with yaml_manager(one.token, integration) as manager:
        webex_bot = WebexBot(teams_bot_token=other.token)
        with pytest.raises(SettingError, match="another token") as caught:
            manager.register_bot(bot=webex_bot)
    assert caught.value.setting == "bot"
    assert other.token not in str(caught.value)
