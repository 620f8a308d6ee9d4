"""examples/watch_bot.py: a webhook and a nightly job that act for a person."""

from __future__ import annotations

import json
from urllib.parse import urljoin

import pytest
import requests
import watch_bot
from flask import Flask
from watch_bot import SCOPES, Watch, serve_webhook

from webex_bot_auth import YAMLTokenManager
from webex_bot_auth.sandbox import Message, Person
from webex_bot_auth.testing import RunningBot, WebexSandbox


@pytest.fixture
def bot(webex_sandbox: WebexSandbox) -> RunningBot:
    app, secret = Flask("web"), "secret of the webhook"

    def watch(token_manager: YAMLTokenManager) -> Watch:
        serve_webhook(app, token_manager, secret)
        address = urljoin(token_manager.integration.redirect_url, "/webhook")
        return Watch(address, secret, token_manager=token_manager)

    return webex_sandbox.run(watch, app=app, scopes=SCOPES)


@pytest.fixture
def bob(webex_sandbox: WebexSandbox) -> Person:
    return webex_sandbox.add_person("Bob Brown")


def watch(bot: RunningBot, person: Person) -> Message:
    """Log a person in, and let the bot register the webhook."""
    asked = bot.hears(person, "watch")
    bot.press_login(bot.login_card(person, after=asked), person)
    return bot.answer_to(asked, "You hear from me")


def nightly(bot: RunningBot) -> None:
    assert isinstance(bot.manager, YAMLTokenManager)
    watch_bot.nightly(bot.manager)


class TestWebhook:
    def test_it_says_with_the_persons_token_what_the_bot_cannot_see(
        self, bot: RunningBot, webex_sandbox: WebexSandbox, alice: Person, bob: Person
    ) -> None:
        watching = watch(bot, alice)
        secret = webex_sandbox.group("Secret plans", [alice, bob])
        assert bot.answer_to(watching, "You are in a new space: “Secret plans”.")
        (asked,) = [call for call in webex_sandbox.calls if call.path == f"/v1/rooms/{secret.id}"]
        assert asked.person is alice

    def test_it_is_registered_once(
        self, bot: RunningBot, webex_sandbox: WebexSandbox, alice: Person, bob: Person
    ) -> None:
        watch(bot, alice)
        again = bot.ask(alice, "watch")
        for title in ("One", "Two"):
            webex_sandbox.group(title, [alice, bob])
        bot.answer_to(again, "“Two”")
        assert [text for text in bot.said(alice) if "“" in text and "space" in text] == [
            "You are in a new space: “One”.",
            "You are in a new space: “Two”.",
        ]

    def test_where_the_login_has_ended_it_asks_for_one(
        self, bot: RunningBot, webex_sandbox: WebexSandbox, alice: Person, bob: Person
    ) -> None:
        watching = watch(bot, alice)
        webex_sandbox.revoke_person(alice)
        webex_sandbox.group("Secret plans", [alice, bob])
        assert "to watch your spaces" in str(bot.login_card(alice, after=watching).card)

    def test_what_webex_has_not_signed_is_refused(
        self, bot: RunningBot, webex_sandbox: WebexSandbox, alice: Person
    ) -> None:
        watch(bot, alice)
        (registered,) = [
            json.loads(call.body)
            for call in webex_sandbox.calls
            if (call.method, call.path) == ("POST", "/v1/webhooks")
        ]
        body = {"createdBy": alice.id, "data": {"roomId": bot.direct(alice).id}}
        for signature in ({}, {"X-Spark-Signature": "forged"}):
            answer = requests.post(registered["targetUrl"], json=body, headers=signature, timeout=30)
            assert answer.status_code == 403


class TestNightlyJob:
    def test_everybody_gets_a_line_and_whose_login_has_ended_a_card(
        self, bot: RunningBot, webex_sandbox: WebexSandbox, alice: Person, bob: Person
    ) -> None:
        watching = watch(bot, alice)
        watch(bot, bob)
        webex_sandbox.revoke_person(alice)
        nightly(bot)
        assert bot.said(bob)[-1] == "Good morning! Spaces with something new: 1."
        assert bot.login_card(alice, after=watching)

    def test_who_is_deactivated_holds_up_nobody(
        self, bot: RunningBot, webex_sandbox: WebexSandbox, alice: Person, bob: Person
    ) -> None:
        for person in (alice, bob):
            watch(bot, person)
        admin = webex_sandbox.add_person("Ada Admin", admin=True)
        gone = next(iter(bot.manager.contexts.users()))  # whose turn is first
        headers = {"Authorization": f"Bearer {admin.token}"}
        requests.delete(
            f"{webex_sandbox.url}/v1/people/{gone}", headers=headers, timeout=30
        ).raise_for_status()
        nightly(bot)
        other = alice if gone == bob.id else bob
        assert "Good morning!" in bot.said(other)[-1]

    def test_a_fault_with_one_person_is_not_the_others(
        self, bot: RunningBot, webex_sandbox: WebexSandbox, alice: Person, bob: Person
    ) -> None:
        for person in (alice, bob):
            watch(bot, person)
        with webex_sandbox.faults.rest("/v1/rooms", status=403, times=1):
            nightly(bot)
        assert sorted("Good morning!" in bot.said(person)[-1] for person in (alice, bob)) == [False, True]
