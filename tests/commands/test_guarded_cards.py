"""A guarded command's card comes after the login, by every way in and with a guard on any hook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.makers import Make
from support.whoami import Whoami
from webex_bot.models.command import Command
from webex_bot.models.response import Response
from webex_bot.webex_bot import WebexBot
from webexpythonsdk.models.cards import AdaptiveCard, TextBlock
from webexpythonsdk.models.cards.actions import Submit

from webex_bot_auth import UserTokenMixin, requires_user_token
from webex_bot_auth.sandbox import Message, Person
from webex_bot_auth.testing import RunningBot, WebexSandbox
from webex_bot_auth.testing.redirects import came_back

FORM = {
    "type": "AdaptiveCard",
    "version": "1.3",
    "body": [{"type": "Input.Text", "id": "words", "placeholder": "the form"}],
    "actions": [{"type": "Action.Submit", "title": "Go", "data": {"callback_keyword": "form_callback"}}],
}


class Form(UserTokenMixin, Command):
    """Shows a card, and answers its submit."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="form", help_message="Fill in", card=FORM, **kwargs)

    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        return f"{self.user_api.people.me().display_name} wrote {attachment_actions.inputs['words']}"


class OnExecute(Form):
    @requires_user_token
    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        return super().execute(message, attachment_actions, activity)


class OnPreExecute(Form):
    @requires_user_token
    def pre_execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        return None


class OnPreCardLoadReply(Form):
    @requires_user_token
    def pre_card_load_reply(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        return None


@requires_user_token
class OnTheClass(Form):
    pass


@requires_user_token
class WithoutMixin(Command):
    user_api: Any
    execute = Form.execute

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="form", help_message="Fill in", card=FORM, **kwargs)


class Menu(Command):
    """A card whose button leads to the form."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.pop("token_manager")
        super().__init__(command_keyword="menu", help_message="Menu", **kwargs)

    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        card = AdaptiveCard(
            body=[TextBlock("Menu")], actions=[Submit(title="Form", data={"command_keyword": "form"})]
        )
        response = Response()
        response.text = "menu"
        response.attachments = {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": card.to_dict(),
        }
        return response


def by_message(bot: RunningBot, person: Person) -> Message:
    return bot.hears(person, "form")


def by_button(bot: RunningBot, person: Person) -> Message:
    menu = bot.answer_to(bot.hears(person, "menu"), lambda message: message.card)
    bot.sandbox.submit(person, menu)
    return menu


def is_form(message: Message) -> bool:
    return "the form" in str(message.card)


EVERY_GUARD = [OnExecute, OnPreExecute, OnPreCardLoadReply, OnTheClass, WithoutMixin]


@pytest.mark.parametrize("ask", [by_message, by_button])
@pytest.mark.parametrize("form", EVERY_GUARD)
def test_the_card_is_shown_after_the_login_and_its_submit_runs(
    webex_sandbox: WebexSandbox, form: type[Command], ask: Callable[[RunningBot, Person], Message]
) -> None:
    bot, alice = webex_sandbox.run(form, Menu), webex_sandbox.add_person("Alice Adams")
    asked = ask(bot, alice)
    login = bot.login_card(alice, after=asked)
    assert not any(is_form(message) for message in webex_sandbox.messages())
    assert bot.press_login(login, alice).status_code == 200
    shown = bot.answer_to(login, is_form)  # the command that waited is what shows it
    webex_sandbox.submit(alice, shown, {"words": "hello"})
    assert bot.answer_to(shown, "Alice Adams wrote hello")
    again = bot.answer_to(ask(bot, alice), is_form)
    assert again != shown


def test_a_card_that_waited_over_a_restart_is_shown_once(
    webex_sandbox: WebexSandbox, redis_manager: Make, integration: Any
) -> None:
    token, alice = webex_sandbox.add_bot("Echo Bot").token, webex_sandbox.add_person("Alice Adams")

    def start(manager: Any) -> RunningBot:
        made = WebexBot(teams_bot_token=token)
        for command in (OnExecute, Whoami):
            made.add_command(command(token_manager=manager))
        manager.register_bot(bot=made)
        return webex_sandbox.start_bot(made, manager)

    with redis_manager(token, integration) as web:
        with redis_manager(token, integration) as first:
            bot = start(first)
            asked = bot.hears(alice, "form")
            url = web.asking.url(alice.id)
            bot.login_card(alice, after=asked)
        web.process_redirect(**came_back(webex_sandbox, url, alice))
        with redis_manager(token, integration) as second, redis_manager(token, integration) as third:
            bot = start(second)
            start(third)
            assert is_form(bot.answer_to(asked, is_form))
            bot.ask(alice, "whoami")
        forms = [message for message in webex_sandbox.messages() if is_form(message)]
        assert len(forms) == 1
