"""A manager that was made before a fork works in the forked process, as under gunicorn --preload."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from webex_bot_auth import YAMLTokenManager
from webex_bot_auth.sandbox import open_url
from webex_bot_auth.testing import WebexSandbox

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

#: forks while one thread writes the file, another one polls, and a refresh lock is held
FORKED = """
import json, os, sys, threading
from wxc_sdk.integration import Integration
from wxc_sdk.rest import RestSession
from webex_bot_auth import YAMLTokenManager
from webex_bot_auth.signals import logged_in
from webex_bot_auth.testing.sample_contexts import context
told = json.loads(sys.argv[1])
RestSession.BASE = told["rest"]
manager = YAMLTokenManager(told["token"], Integration(**told["integration"]), yml_base=told["yml_base"],
                           login_flow="device")
manager.set_user_context(user_id="before", user_context=context("before"))
def logins(user_id):
    done = threading.Event()
    def note(sender, **facts):
        if facts["user_id"] == user_id:
            done.set()
    logged_in.connect(note, weak=False)
    return done
bob_is_in = logins(told["bob"])
manager.request_login(user_id=told["bob"])
writing, may_end, fsync = threading.Event(), threading.Event(), os.fsync
def slow(descriptor):
    writing.set()
    may_end.wait()
    fsync(descriptor)
os.fsync = slow
threading.Thread(target=manager.set_user_context,
                 kwargs={"user_id": "during", "user_context": context("during")}).start()
writing.wait()
child = os.fork()
if not child:
    os.fsync = fsync
    assert manager.get_user_context(user_id="before")
    alice_is_in = logins(told["alice"])
    manager.request_login(user_id=told["alice"])
    assert alice_is_in.wait(40)
    assert manager.get_user_context(user_id=told["alice"])
    with manager.leases.hold("refresh-before", 5) as lease:
        assert lease
    manager.close()
    os._exit(0)
may_end.set()
_, status = os.waitpid(child, 0)
assert bob_is_in.wait(40)
assert manager.get_user_context(user_id=told["bob"])
manager.close()
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.slow
@pytest.mark.holds(36)
def test_a_manager_made_before_a_fork_works_after_it(webex_sandbox: WebexSandbox, tmp_path: Path) -> None:
    webex_sandbox.oauth.device_interval = 1
    bot = webex_sandbox.add_bot("Echo Bot")
    alice, bob = webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_person("Bob Brown")
    integration = webex_sandbox.integration()
    names = ("client_id", "client_secret", "redirect_url", "auth_service", "token_service")
    told: dict[str, Any] = {
        "rest": f"{webex_sandbox.url}/v1",
        "token": bot.token,
        "integration": {name: getattr(integration, name) for name in names} | {"scopes": integration.scopes},
        "yml_base": str(tmp_path / "tokens"),
        "alice": alice.id,
        "bob": bob.id,
    }
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", FORKED, json.dumps(told)], stderr=subprocess.PIPE, text=True
    ) as forking:
        for person in (alice, bob):
            room = webex_sandbox.direct(person, bot)
            card = webex_sandbox.wait_for_message(room, lambda message: message.card, timeout=30)
            code = parse_qs(urlsplit(open_url(card.card or {})).query)["userCode"][0]
            decision = {"user_code": code, "person": person.id, "decision": "approve"}
            assert requests.post(f"{webex_sandbox.url}/device", data=decision, timeout=10).status_code == 200
        _, errors = forking.communicate(timeout=60)
        assert forking.returncode == 0, errors
    with YAMLTokenManager(bot.token, integration, yml_base=told["yml_base"]) as manager:
        assert set(manager.contexts.users()) == {"before", "during", alice.id, bob.id}


#: forks while a manager that keeps contexts in its own way is storing one
FORKED_MINIMAL = """
import os, signal, sys, threading
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens
from webex_bot_auth import TokenManager, UserContext
storing, may_end, contexts = threading.Event(), threading.Event(), {}
class Minimal(TokenManager):
    def start_flow(self, *, user_id): ...
    def process_redirect(self, *, flow_id, code): ...
    def get_user_context(self, *, user_id):
        return contexts.get(user_id)
    def set_user_context(self, *, user_id, user_context=None):
        contexts[user_id] = user_context
        storing.set()
        may_end.wait()
manager = Minimal("token", Integration(client_id="id", client_secret="secret", scopes="scope",
                                       redirect_url="https://bot.example.com/redirect"))
for user_id in ("alice", "bob"):
    contexts[user_id] = UserContext(user_id=user_id, tokens=Tokens(access_token="token"))
threading.Thread(target=manager.needs_login, args=[contexts["alice"]]).start()
storing.wait()
child = os.fork()
if not child:
    signal.alarm(20)
    may_end.set()
    assert manager.needs_login(contexts["bob"])
    os._exit(0)
may_end.set()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.holds(36)
def test_a_manager_with_the_three_methods_alone_works_after_a_fork() -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKED_MINIMAL]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.holds(36)
def test_what_is_under_way_is_left_to_the_parent() -> None:
    """Else both would poll for one login, and the one that did not end it would call its card expired."""
    code = """
import os, sys
from wxc_sdk.integration import Integration
from webex_bot_auth import YAMLTokenManager
manager = YAMLTokenManager("token", Integration(client_id="id", client_secret="secret", scopes="scope",
                                                redirect_url="https://bot.example.com/redirect"), sys.argv[1])
manager.start_flow(user_id="alice")
child = os.fork()
if not child:
    assert not manager.desks.read("alice").desk.flows
    manager.start_flow(user_id="bob")
    os._exit(0)
assert manager.desks.read("alice").desk.flows
assert not manager.desks.read("bob").desk.flows
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-W", "ignore", "-c", code, f"{folder}/tokens"]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
