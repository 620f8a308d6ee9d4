"""Damaged records and files: a clear error that names the place, in bounded memory, and no crash."""

from __future__ import annotations

import json
import logging
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
import redis
import yaml
from support.makers import KEY, Make
from support.whoami import Whoami
from support.wording import TEXTS
from wxc_sdk.integration import Integration

from webex_bot_auth.chat.texts import Texts
from webex_bot_auth.errors import StoreError, StoreUnreadable
from webex_bot_auth.ground import redaction
from webex_bot_auth.logins.contexts import Contexts
from webex_bot_auth.models import Outcome
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.stores.yaml_lines import HEADER
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.testing.redirects import came_back
from webex_bot_auth.testing.sample_contexts import context

DEEP = 50_000
HALF = "\ud83d"

#: records of a user "alice", in JSON
RECORDS = {
    "nested brackets": "[" * DEEP + "]" * DEEP,
    "nested objects": '{"user_id": "alice", "tokens": ' + '{"a":' * DEEP + "1" + "}" * DEEP + "}",
    "deep in a sealed record": '{"user_id": "alice", "sealed": ' + "[" * DEEP + "]" * DEEP + "}",
    "half a character": '{"user_id": "alice", "tokens": {"access_token": "\\ud83d"}}',
    "sealed half a character": '{"user_id": "alice", "sealed": "v1.00000000.\\ud83d"}',
}
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 6)
)
#: files in other styles than ours
FILES = {
    "nested brackets": "alice: " + "[" * DEEP + "]" * DEEP,
    "nested blocks": "alice:\n " + "- " * DEEP + "1",
    "less deeply nested": "alice: " + "[" * 200 + "]" * 200,
    "alias bomb": BOMB,
}


@pytest.mark.holds(52)
@pytest.mark.parametrize("kind", RECORDS)
@pytest.mark.parametrize("encryption_keys", [[], [KEY]], ids=["plain", "with keys"])
def test_a_damaged_record_names_its_user_and_stops_no_other(
    either_manager: Make,
    integration: Integration,
    redis_url: str,
    tokens_path: Path,
    kind: str,
    encryption_keys: list[str],
) -> None:
    with either_manager("token", integration, encryption_keys=encryption_keys) as manager:
        manager.set_user_context(user_id="bob", user_context=context("bob"))
        with redis.Redis.from_url(redis_url) as client:
            client.set("user-alice", RECORDS[kind])
        with tokens_path.open("a") as file:
            file.write(f'"alice": {RECORDS[kind]}\n')
        with pytest.raises(StoreUnreadable, match="alice"):
            manager.get_user_context(user_id="alice")
        with pytest.raises(StoreUnreadable, match="alice"):
            manager.get_user_context_and_refresh(user_id="alice")
        assert manager.get_user_context(user_id="bob") == context("bob")
        manager.set_user_context(user_id="alice", user_context=context("alice"))  # a new login
        assert manager.get_user_context(user_id="alice") == context("alice")


@pytest.mark.holds(52)
@pytest.mark.parametrize("header", [b"", HEADER], ids=["by hand", "in our file"])
@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_a_damaged_file_is_refused_in_bounded_memory(
    monkeypatch: pytest.MonkeyPatch,
    tokens_path: Path,
    file_contexts: Contexts,
    kind: str,
    header: bytes,
    loader: str,
) -> None:
    monkeypatch.setattr(yaml, "CSafeLoader", getattr(yaml, loader))
    tokens_path.write_bytes(header + FILES[kind].encode())
    tracemalloc.start()
    try:
        with pytest.raises(StoreUnreadable, match=r"tokens\.yml"):
            file_contexts.load("alice")
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_damaged_file_is_reported_when_the_manager_is_made_and_can_be_mended_without_a_restart(
    yaml_manager: Make, integration: Integration, tokens_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tokens_path.write_text('"alice": {"user_id": "al')
    with yaml_manager("token", integration) as manager:
        (record,) = caplog.records
        assert (record.levelname, str(tokens_path) in record.getMessage()) == ("ERROR", True)
        tokens_path.write_text("{}")
        assert manager.get_user_context(user_id="alice") is None


def test_what_stands_twice_in_a_file_may_be_an_alias(tokens_path: Path, file_contexts: Contexts) -> None:
    tokens = context("alice").tokens.model_dump(mode="json")
    users = {user_id: {"user_id": user_id, "tokens": tokens} for user_id in ("alice", "bob")}
    tokens_path.write_text(yaml.safe_dump(users))
    assert "*id001" in tokens_path.read_text()
    assert file_contexts.load("bob") == context("bob")


@pytest.mark.holds(52)
def test_half_a_character_in_an_id_is_a_clear_error(either_manager: Make, integration: Integration) -> None:
    with either_manager("token", integration) as manager:
        name = f"a{HALF}"
        with pytest.raises((StoreError, ValueError), match=r"ud83d") as caught:
            manager.set_user_context(user_id=name, user_context=context(name))
        str(caught.value).encode()  # can be written to a log


@pytest.mark.holds(42, 52)
def test_half_a_character_in_a_message_keeps_nobody_from_logging_in(
    every_manager: Make, cloud: Sandbox, integration: Integration, alice: Person
) -> None:
    activity = {"id": "a", "object": {"displayName": f"whoami {HALF}"}, "target": {"tags": ["ONE_ON_ONE"]}}
    action = SimpleNamespace(personId=alice.id, id="m")
    with every_manager(cloud.add_bot("Echo Bot").token, integration) as manager:
        with mock.patch.object(manager, "runs_commands_after_logins", return_value=True):  # as with a bot
            assert Whoami(token_manager=manager).execute(HALF, action, activity) is None
        url = manager.asking.url(alice.id)
        assert manager.finish_login(**came_back(cloud, url, alice)).outcome is Outcome.DONE
        (command,) = manager.desks.read(alice.id).desk.released
    assert command.activity["object"] == {"displayName": "whoami ?"}


@pytest.mark.holds(42)
@pytest.mark.parametrize("fault", ["raises", "no Texts"])
def test_texts_and_cards_of_a_bot_author_that_fail_leave_nobody_without_an_answer(
    webex_sandbox: WebexSandbox, yaml_manager: Make, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    def choose(user_id: str | None) -> Any:
        return Texts() if user_id is None else 1 / 0 if fault == "raises" else {"login_title": "?"}

    def make(*made: Any) -> Any:
        return yaml_manager(*made, texts=choose, make_login_card=lambda **parts: {}[parts["url"]])

    bot, alice = webex_sandbox.run(Whoami, manager=make), webex_sandbox.add_person("Alice Adams")
    asked = bot.hears(alice, "whoami")
    card = bot.login_card(alice, after=asked)
    assert card.text.endswith(TEXTS.login_without_cards.format(button=TEXTS.login_button))
    assert bot.press_login(card, alice).status_code == 200
    assert bot.answer_to(asked, "You are Alice Adams")
    assert "make_login_card= failed" in caplog.text
    assert "state=" not in caplog.text


def test_a_log_argument_that_raises_does_not_raise_in_the_caller() -> None:
    class Hostile:
        def __str__(self) -> str:
            raise RuntimeError("no text")

    redaction.install()
    for message, arguments in (("%s", (Hostile(),)), (Hostile(), ()), ("%d", ("one",))):
        record = logging.LogRecord("wxc_sdk.rest", logging.INFO, __file__, 1, message, arguments, None)
        assert logging.getLogger("wxc_sdk.rest").filter(record)


def test_a_record_of_another_program_is_not_ours(file_contexts: Contexts, tokens_path: Path) -> None:
    tokens_path.write_text(json.dumps({"alice": ["words"]}))
    with pytest.raises(StoreUnreadable, match="alice"):
        file_contexts.load("alice")
