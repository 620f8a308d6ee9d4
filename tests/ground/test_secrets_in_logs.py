"""Logs contain no secret, also with all loggers at DEBUG."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest
import requests
from flask import Flask
from support.contexts import expiring
from support.leaks import CapturedLogs, everything_logged, issued_secrets, leaked
from support.makers import NEW_KEY, Make
from support.waiting import wait_until
from support.whoami import Whoami
from support.wording import TEXTS, pattern
from webex_bot.models.command import Command
from werkzeug.serving import make_server
from wxc_sdk.integration import Integration

from webex_bot_auth import (
    TokenManager,
    UserTokenMixin,
    requires_user_token,
)
from webex_bot_auth.testing import RunningBot, WebexSandbox


class Failing(UserTokenMixin, Command):
    """Asks for something that does not exist, with the user's token."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="fail", help_message="fail", **kwargs)

    @requires_user_token
    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        return self.user_api.people.details(person_id="nobody").display_name


class Reading(UserTokenMixin, Command):
    """Reads the space where it is asked, with the login cards that were sent there."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="read", help_message="read", **kwargs)

    @requires_user_token
    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        read = list(self.user_api.messages.list(room_id=attachment_actions.roomId))
        return f"{sum(bool(one.attachments) for one in read)} cards"


def use_everything(bot: RunningBot, records: CapturedLogs) -> None:
    """Go through a refusal, a wrong person, faults, a login, commands, a refresh and a logout."""
    logging.root.setLevel(logging.DEBUG)  # webex_bot has changed it
    cloud = bot.sandbox
    alice, bob = cloud.add_person("Alice Adams"), cloud.add_person("Bob Brown")
    card = bot.login_card(alice, after=bot.hears(alice, "whoami"))
    assert bot.press_login(card, alice, deny=True).status_code == 403
    team = bot.group(alice, bob)
    card = bot.login_card(alice, after=bot.hears(alice, "whoami", room=team))
    assert bot.press_login(card, bob).status_code == 403
    bot.login_card(alice, after=card)
    card = bot.login_card(alice, after=bot.hears(alice, "login"))
    with cloud.faults.token(status=503):
        assert bot.press_login(card, alice).status_code == 503
    card = bot.login_card(alice, after=card)
    with cloud.faults.rest("/v1/people/me", status=500):
        assert bot.press_login(card, alice).status_code == 503
    card = bot.login_card(alice, after=card)
    for _ in range(2):  # the second time, the page says that the login is done
        assert bot.press_login(card, alice).status_code == 200
    cloud.wait_for_message(team, lambda message: message.text == "You are Alice Adams", person=bot.person)
    assert pattern(TEXTS.command_failed).fullmatch(bot.ask(alice, "fail").text)
    bot.login_card(alice, after=bot.hears(alice, "login"))
    wait_until(lambda: sum(bool(one.card) for one in cloud.messages(bot.direct(alice))) == 1, "one card")
    assert bot.answer_to(bot.hears(alice, "read"), "cards").text == "1 cards"
    stored = bot.manager.get_user_context(user_id=alice.id)
    assert stored
    bot.manager.set_user_context(user_id=alice.id, user_context=expiring(stored, -1))
    assert "You are Alice Adams" in bot.ask(alice, "whoami").text
    assert len(cloud.calls.refreshes()) == 1
    cloud.revoke_person(alice)
    card = bot.login_card(alice, after=bot.hears(alice, "whoami"))
    assert bot.press_login(card, alice).status_code == 200
    bot.answer_to(card, "You are Alice")
    assert TEXTS.logged_out in bot.ask(alice, "logout").text
    assert records.texts


@pytest.mark.holds(16)
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_a_login_a_refresh_and_a_logout_leave_no_secret_in_any_log(
    cloud: WebexSandbox, either_manager: Make, encrypted: bool
) -> None:
    def make(*args: Any) -> TokenManager:
        return either_manager(*args, encryption_keys=[NEW_KEY] if encrypted else [])

    with everything_logged() as records:
        scopes = ["spark:people_read", "spark:messages_read"]
        bot = cloud.run(Whoami, Failing, Reading, manager=make, scopes=scopes)
        use_everything(bot, records)
        bot.manager.close()
    hidden = issued_secrets(cloud)
    assert len(hidden) > 15
    # the cloud is in this process too, and its side of the websocket is not the bot's
    texts = [(name, text) for name, text in records.texts if name != "websockets.server"]
    assert {name: text[:500] for name, text in texts if leaked(hidden, text)} == {}
    # the loggers that log most have logged something
    talkative = {"urllib3.connectionpool", "wxc_sdk.rest", "webex_bot.webex_bot"}
    assert talkative <= {name for name, _ in texts}


@pytest.mark.holds(16)
def test_the_access_log_of_flasks_own_server_holds_no_code_and_no_state(
    yaml_manager: Make, integration: Integration
) -> None:
    app = Flask("bot")
    with yaml_manager("bot-token", integration) as manager, everything_logged() as records:
        manager.register_redirect(flask=app)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        address = f"http://127.0.0.1:{server.port}/redirect"
        answer = requests.get(address, {"code": "the-code", "state": "the-state"}, timeout=10)
        server.shutdown()
        thread.join()
        server.server_close()
    assert answer.status_code == 410
    logged = [text for name, text in records.texts if name == "werkzeug"]
    assert any("/redirect?code=***&state=***" in text for text in logged)
    assert not any(secret in text for secret in ("the-code", "the-state") for _, text in records.texts)
