"""The guard where a command, Webex or the store fails: one polite sentence each."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from support.makers import Make
from support.redis_server import RedisServer
from support.whoami import Whoami
from support.wording import TEXTS, pattern
from webex_bot.exceptions import BotException

from webex_bot_auth import (
    RedisTokenManager,
    requires_user_token,
)
from webex_bot_auth.testing import WebexSandbox


class TestFaults:
    @staticmethod
    def failing(error: Callable[[Any], BaseException]) -> type[Whoami]:
        class Fails(Whoami):
            @requires_user_token
            def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
                raise error(self)

        return Fails

    def test_an_exception_is_one_polite_sentence_and_a_reference_in_the_log(
        self, webex_sandbox: WebexSandbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        bot = webex_sandbox.run(self.failing(lambda _: ZeroDivisionError("by zero")))
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice)
        answer = bot.ask(alice, "whoami").text
        assert "zero" not in answer.lower()
        found = pattern(TEXTS.command_failed).fullmatch(answer)
        assert found
        reference = found["reference"]
        logged = next(text for text in caplog.messages if reference in text)
        assert "Traceback" in logged
        assert "ZeroDivisionError: by zero" in logged

    def test_a_bot_exception_stays_the_authors(self, webex_sandbox: WebexSandbox) -> None:
        bot = webex_sandbox.run(self.failing(lambda _: BotException("debug", "My own words")))
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice)
        assert bot.ask(alice, "whoami").text == "My own words"

    @pytest.mark.holds(28)
    def test_a_token_that_webex_refuses_leads_to_one_new_login(
        self, webex_sandbox: WebexSandbox, either_manager: Make
    ) -> None:
        bot = webex_sandbox.run(Whoami, manager=either_manager)
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice)
        webex_sandbox.revoke_person(alice)
        asked = bot.hears(alice, "whoami")
        card = bot.login_card(alice, after=asked)
        assert TEXTS.login_again in str(card.card)
        assert bot.manager.get_user_context(user_id=alice.id) is None
        with webex_sandbox.faults.rest("/v1/people/me", status=401, times=2) as fault:
            fault.clear()
        bot.press_login(card, alice)
        assert bot.answer_to(card, "You are Alice Adams")
        posts = webex_sandbox.calls.to("/v1/messages", method="POST")
        assert (
            len([post for post in posts if post.form.get("attachments")]) == 2
        )  # the first login's, and this

    @pytest.mark.holds(32)
    def test_while_redis_is_down_commands_say_so_and_work_again_afterwards(
        self, webex_sandbox: WebexSandbox, own_server: RedisServer
    ) -> None:
        bot = webex_sandbox.run(
            Whoami, manager=functools.partial(RedisTokenManager, redis_url=own_server.url)
        )
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice)
        own_server.stop()
        for words in ("whoami", "login", "logout"):
            assert bot.ask(alice, words).text == TEXTS.store_down
        own_server.start()
        bot.log_in(alice)
        own_server.pause()
        assert bot.ask(alice, "whoami").text == TEXTS.store_down
        own_server.resume()
        assert bot.ask(alice, "whoami").text == "You are Alice Adams"

    @pytest.mark.holds(32)
    def test_a_store_that_fails_is_a_clear_answer(
        self, webex_sandbox: WebexSandbox, redis_manager: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bot = webex_sandbox.run(Whoami, manager=redis_manager)
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice)
        bot.manager.redis.set(f"user-{alice.id}", "{broken")  # type: ignore[attr-defined]
        assert bot.ask(alice, "whoami").text == TEXTS.store_unreadable
        assert bot.manager.redis.get(f"user-{alice.id}") == b"{broken"  # type: ignore[attr-defined]
