"""What a login card says: what the login is for, for which command, and what happens after it."""

from __future__ import annotations

from typing import Any

from support.whoami import Whoami
from support.wording import TEXTS
from webex_bot.models.command import Command

from webex_bot_auth import UserTokenMixin, requires_user_token
from webex_bot_auth.sandbox import Person
from webex_bot_auth.testing import RunningBot, WebexSandbox

SCOPES = ["spark:people_read", "spark:rooms_read"]


@requires_user_token(scopes=["spark:rooms_read"], reason="to list your spaces")
class Spaces(Command):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="spaces", help_message="spaces", **kwargs)

    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
        return f"{len(list(self.user_api.rooms.list()))} spaces"


class MySpaces(UserTokenMixin, Command):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="mine", help_message="mine", **kwargs)

    @requires_user_token(scopes="spark:rooms_read", reason="to count your spaces")
    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
        return ""


def card_for(bot: RunningBot, person: Person, command: str) -> str:
    return str(bot.login_card(person, after=bot.hears(person, command)).card)


def test_the_reason_of_a_class_or_a_method_and_the_command_stand_in_the_card(
    webex_sandbox: WebexSandbox,
) -> None:
    bot = webex_sandbox.run(Spaces, MySpaces, scopes=SCOPES)
    alice = webex_sandbox.add_person("Alice Adams")
    for command, reason in (("spaces", "to list your spaces"), ("mine", "to count your spaces")):
        card = card_for(bot, alice, command)
        assert TEXTS.login_for_command_and_reason.format(command=command, reason=reason) in card
        assert TEXTS.login_then_runs.format(command=command) in card


def test_a_person_who_is_logged_in_is_asked_to_log_in_again_and_told_why(webex_sandbox: WebexSandbox) -> None:
    bot = webex_sandbox.run(Whoami, Spaces, scopes=SCOPES)
    alice = webex_sandbox.add_person("Alice Adams")
    assert TEXTS.login_title_again.format(bot="Test Bot") not in card_for(
        bot, webex_sandbox.add_person("Bob Brown"), "whoami"
    )
    bot.log_in(alice, scopes=["spark:people_read"])
    card = card_for(bot, alice, "spaces")
    assert TEXTS.login_title_again.format(bot="Test Bot") in card
    assert "to list your spaces" in card
    card = card_for(bot, alice, "login")
    assert TEXTS.login_title_again.format(bot="Test Bot") in card
    assert TEXTS.already_logged_in.split("{")[0] in card


def test_a_bot_author_gives_a_reason_of_their_own(webex_sandbox: WebexSandbox) -> None:
    bot = webex_sandbox.run(Whoami)
    alice = webex_sandbox.add_person("Alice Adams")
    assert bot.manager.request_login(user_id=alice.id, reason="to send you a report each night")
    expected = TEXTS.login_for_reason.format(reason="to send you a report each night")
    assert expected in str(bot.login_card(alice).card)
