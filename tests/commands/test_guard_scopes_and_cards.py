"""The guard with scopes of a command's own, and with cards that people submit."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import pytest
from support.makers import Make
from support.waiting import wait_until
from support.whoami import Whoami
from support.wording import TEXTS
from webex_bot.models.command import Command

from webex_bot_auth import (
    UserTokenMixin,
    requires_user_token,
)
from webex_bot_auth.sandbox import open_url
from webex_bot_auth.testing import WebexSandbox


class TestScopes:
    @staticmethod
    def spaces(**kwargs: Any) -> Command:
        @requires_user_token(scopes=["spark:rooms_read"])
        class Spaces(UserTokenMixin, Command):
            def __init__(self, **kwargs: Any) -> None:
                super().__init__(command_keyword="spaces", help_message="spaces", **kwargs)

            def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
                return f"{len(list(self.user_api.rooms.list()))} spaces"

        return Spaces(**kwargs)

    @staticmethod
    def meetings(**kwargs: Any) -> Command:
        @requires_user_token(scopes=["meeting:schedules_read"])
        class Meetings(UserTokenMixin, Command):
            def __init__(self, **kwargs: Any) -> None:
                super().__init__(command_keyword="meetings", help_message="meetings", **kwargs)

            def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
                return f"meetings of {self.user_api.people.me().display_name}"

        return Meetings(**kwargs)

    def test_a_person_who_has_granted_too_few_scopes_is_asked_for_the_union(
        self, webex_sandbox: WebexSandbox, either_manager: Make
    ) -> None:
        bot = webex_sandbox.run(
            Whoami, self.spaces, manager=either_manager, scopes=["spark:people_read", "spark:rooms_read"]
        )
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice, scopes=["spark:people_read"])
        assert bot.ask(alice, "whoami").text == "You are Alice Adams"
        card = bot.login_card(alice, after=bot.hears(alice, "spaces"))
        assert "scope=spark%3Arooms_read+spark%3Apeople_read&" in open_url(card.card)
        assert bot.press_login(card, alice).status_code == 200
        assert bot.answer_to(card, lambda message: "spaces" in message.text and "run" not in message.text)
        assert bot.ask(alice, "spaces").text == "1 spaces"

    def test_a_person_who_refuses_more_scopes_keeps_those_granted(
        self, webex_sandbox: WebexSandbox, either_manager: Make
    ) -> None:
        bot = webex_sandbox.run(
            Whoami, self.spaces, manager=either_manager, scopes=["spark:people_read", "spark:rooms_read"]
        )
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice, scopes=["spark:people_read"])
        card = bot.login_card(alice, after=bot.hears(alice, "spaces"))
        assert bot.press_login(card, alice, deny=True).status_code == 403
        assert bot.answer_to(card).text == TEXTS.refused
        assert bot.ask(alice, "whoami").text == "You are Alice Adams"

    def test_a_scope_that_the_integration_lacks_is_reported_at_the_start(
        self, webex_sandbox: WebexSandbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        webex_sandbox.run(self.spaces, scopes=["spark:people_read"])
        assert (
            "'spaces' needs scopes that the integration is not configured with: spark:rooms_read"
            in caplog.text
        )

    @pytest.mark.parametrize("login_flow", ["redirect", "device"])
    @pytest.mark.parametrize("login_scopes", [None, ["spark:messages_read"]])
    def test_all_of_an_integration_covers_what_a_guard_names(
        self,
        webex_sandbox: WebexSandbox,
        yaml_manager: Make,
        login_flow: str,
        login_scopes: Any,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        manager = partial(yaml_manager, login_flow=login_flow)
        webex_sandbox.oauth.device_interval = 1
        bot = webex_sandbox.run(
            self.spaces, self.meetings, manager=manager, login_scopes=login_scopes,
            scopes=["spark:all", "meeting:schedules_read"],
        )  # fmt: skip
        alice = webex_sandbox.add_person("Alice Adams")
        asked = bot.hears(alice, "meetings")
        bot.press_login(bot.login_card(alice, after=asked), alice)
        assert bot.answer_to(asked, "meetings of Alice Adams")
        assert bot.ask(alice, "spaces").text == "1 spaces"
        context = bot.manager.get_user_context(user_id=alice.id)
        assert context
        assert set((context.tokens.scope or "").split()) == {"spark:all", "meeting:schedules_read"}
        assert [one for one in caplog.records if one.levelname == "ERROR"] == []


class TestCards:
    CARD: ClassVar[dict[str, Any]] = {
        "type": "AdaptiveCard",
        "version": "1.3",
        "body": [{"type": "Input.Text", "id": "words"}],
        "actions": [{"type": "Action.Submit", "title": "Go", "data": {"callback_keyword": "form_callback"}}],
    }

    @classmethod
    def form(cls, delete_previous_message: bool = True, **kwargs: Any) -> Command:
        class Form(UserTokenMixin, Command):
            def __init__(self, **kwargs: Any) -> None:
                super().__init__(
                    command_keyword="form", help_message="form", card=cls.CARD,
                    delete_previous_message=delete_previous_message, **kwargs,
                )  # fmt: skip

            def pre_card_load_reply(self, message: Any, attachment_actions: Any, activity: Any) -> str:
                return f"A form for {self.user_api.people.me().display_name}"

            @requires_user_token
            def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
                assert attachment_actions.messageId
                return f"{attachment_actions.inputs['words']}, says {self.user_api.people.me().display_name}"

        return Form(**kwargs)

    @pytest.mark.parametrize("tidy", [False, True])
    def test_a_commands_card_is_shown_after_the_login(self, webex_sandbox: WebexSandbox, tidy: bool) -> None:
        bot = webex_sandbox.run(partial(self.form, delete_previous_message=tidy))
        alice = webex_sandbox.add_person("Alice Adams")
        team = bot.group(alice)
        asked = bot.hears(alice, "form", room=team)
        line = bot.answer_to(asked)
        assert line.text == TEXTS.look_in_direct
        card = bot.login_card(alice)
        bot.press_login(card, alice)
        form = bot.answer_to(line, lambda message: message.card)
        announced = [] if tidy else ["A form for Alice Adams"]
        wait_until(
            lambda: bot.said(team) == [TEXTS.look_in_direct, *announced, form.text],
            "webex_bot deletes what it said before the form only where the command asks for that",
        )
        webex_sandbox.submit(alice, form, {"words": "Hello"})
        assert bot.answer_to(form, "Hello, says Alice Adams")

    def test_the_submit_of_a_card_runs_after_the_login_with_its_inputs(
        self, webex_sandbox: WebexSandbox, either_manager: Make
    ) -> None:
        bot = webex_sandbox.run(self.form, manager=either_manager)
        alice, bob = webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_person("Bob Brown")
        team = bot.group(alice, bob)
        bot.log_in(alice)
        form = bot.answer_to(bot.hears(alice, "form", room=team), lambda message: message.card)
        webex_sandbox.submit(
            bob, form, {"words": "Mine"}
        )  # a person may submit a form that another person asked for
        assert bot.answer_to(form).text == TEXTS.look_in_direct
        assert bot.press_login(bot.login_card(bob), bob).status_code == 200
        assert bot.answer_to(form, "Mine, says Bob Brown")
