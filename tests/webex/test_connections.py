"""Calls to Webex use connections that are open already, which carry nothing from one person to another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests
from support.connections import connections_to
from support.waiting import wait_until
from support.whoami import Whoami
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from webex_bot_auth import YAMLTokenManager
from webex_bot_auth.chat.direct_messages import DirectMessages
from webex_bot_auth.errors import MessageNotSent
from webex_bot_auth.sandbox import Person
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.webex import connections as module
from webex_bot_auth.webex.connections import Connections
from webex_bot_auth.webex.rest import user_api


@pytest.fixture
def connections() -> Iterator[Connections]:
    made = Connections()
    yield made
    made.close()


def tokens(person: Person) -> Tokens:
    return Tokens(access_token=person.token)


def test_a_guarded_command_opens_no_connection(webex_sandbox: WebexSandbox) -> None:
    """Neither for the calls of the command, nor for those of webex_bot, nor for a login."""
    alice, bob = webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_person("Bob Brown")
    bot = webex_sandbox.run(Whoami)
    with connections_to(webex_sandbox) as first:
        bot.log_in(alice)
        for question in [bot.hears(alice, f"whoami {turn}") for turn in range(8)]:  # at the same time
            bot.answer_to(question, lambda message, question=question: message.parent == question)
    with connections_to(webex_sandbox) as seen:
        for turn in range(40):
            bot.ask(alice, f"whoami {turn}")
    assert len(seen.connections - first.connections) <= 40 * 0.05
    assert len(seen.calls) >= 40 * 4  # what happened, what was said, who it is, the answer
    with connections_to(webex_sandbox) as seen:
        bot.manager.request_login(user_id=bob.id)
        card = bot.login_card(bob)
        bot.press_login(card, bob)
        bot.answer_to(card, "You are logged in")
    assert seen.connections <= first.connections


def test_no_cookie_and_no_token_goes_from_one_person_to_another(
    webex_sandbox: WebexSandbox, connections: Connections
) -> None:
    people = [webex_sandbox.add_person(f"Person {number}") for number in range(3)]
    with connections_to(webex_sandbox, set_cookie="session=secret; Path=/") as seen:
        for person in [*people, *people]:
            me = user_api(tokens(person), connections).people.me()
            assert me.display_name == person.display_name
    assert len(seen.connections) == 1
    assert [token for _, token, _ in seen.calls] == [f"Bearer {one.token}" for one in [*people, *people]]
    assert {cookie for _, _, cookie in seen.calls} == {""}


class TestServerClosesAConnectionThatIsUsedAgain:
    """The sandbox resets it when the request has arrived: the client cannot know whether it was done."""

    def test_what_reads_is_sent_again_once_on_a_new_one(
        self, webex_sandbox: WebexSandbox, connections: Connections
    ) -> None:
        api = user_api(tokens(webex_sandbox.add_person("Alice Adams")), connections)
        with connections_to(webex_sandbox) as seen:
            api.people.me()
            with webex_sandbox.faults.rest("/v1/people/me", reset=True, times=1):
                assert api.people.me().display_name == "Alice Adams"
        assert len(seen.connections) == 2
        with webex_sandbox.faults.rest("/v1/people/me", reset=True) as fault:
            with pytest.raises(requests.ConnectionError):
                api.people.me()
            assert fault.seen == 2
            with pytest.raises(requests.ConnectionError):
                api.people.me()
            assert fault.seen == 3  # that was a new one, on which there is no such doubt

    def test_what_writes_is_not_sent_again(
        self, webex_sandbox: WebexSandbox, connections: Connections
    ) -> None:
        alice = webex_sandbox.add_person("Alice Adams")
        messages = DirectMessages(webex_sandbox.add_bot("Echo Bot").token, connections)
        messages.send(alice.id, "first")
        with webex_sandbox.faults.rest("/v1/messages", reset=True) as fault:
            with pytest.raises(MessageNotSent):
                messages.send(alice.id, "second")
            assert fault.seen == 1

    def test_a_connection_that_was_idle_for_long_is_not_used_to_write(
        self, webex_sandbox: WebexSandbox, connections: Connections, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "MAX_IDLE_SECONDS_TO_POST", 0.0)
        bot, alice = webex_sandbox.add_bot("Echo Bot"), webex_sandbox.add_person("Alice Adams")
        messages = DirectMessages(bot.token, connections)
        with connections_to(webex_sandbox) as seen:
            messages.send(alice.id, "first")
            user_api(tokens(alice), connections).people.me()
            messages.send(alice.id, "second")
        first, reading, second = (connection for connection, _, _ in seen.calls)
        assert first == reading != second


def test_the_connections_are_closed_with_the_manager(
    webex_sandbox: WebexSandbox, integration: Integration, yaml_manager: type[YAMLTokenManager]
) -> None:
    alice = webex_sandbox.add_person("Alice Adams")
    bot_token = webex_sandbox.add_bot("Echo Bot").token
    with connections_to(webex_sandbox) as seen:
        with yaml_manager(bot_token, integration) as manager:
            manager.request_login(user_id=alice.id)
            user_api(tokens(alice), manager.connections).people.me()
            assert seen.still_open
        wait_until(lambda: not seen.still_open, "the connection is closed")


#: two processes call with two tokens at the same time; the connection was open when they separated
FORKED = """
import json, os, sys
from wxc_sdk.rest import RestSession
from wxc_sdk.tokens import Tokens
from webex_bot_auth.webex.connections import Connections
from webex_bot_auth.webex.rest import user_api
told = json.loads(sys.argv[1])
RestSession.BASE = told["rest"]
connections = Connections()
user_api(Tokens(access_token=told["tokens"][0]), connections).people.me()
child = os.fork()
mine = 0 if child else 1
if not child:
    connections.reset()
for _ in range(50):
    me = user_api(Tokens(access_token=told["tokens"][mine]), connections).people.me()
    if me.display_name != told["names"][mine]:
        os._exit(1)
if not child:
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.holds(36)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_opens_its_own(webex_sandbox: WebexSandbox) -> None:
    people = [webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_person("Bob Brown")]
    told = {
        "rest": f"{webex_sandbox.url}/v1",
        "tokens": [person.token for person in people],
        "names": [person.display_name for person in people],
    }
    with connections_to(webex_sandbox) as seen:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", FORKED, json.dumps(told)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    used = [{call[0] for call in seen.calls if call[1] == f"Bearer {person.token}"} for person in people]
    assert [len(ports) for ports in used] == [1, 1]
    assert used[0] != used[1]
