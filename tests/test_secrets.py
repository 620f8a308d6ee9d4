"""What must stay secret stays so: in logs, in errors, on the disk and in Redis."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import secrets
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from redis import Redis
from support.contexts import expiring
from support.whoami import Whoami
from webex_bot.models.command import Command
from werkzeug.serving import make_server
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from webex_bot_auth import (
    RedisTokenManager,
    TokenManager,
    UserContext,
    UserTokenMixin,
    errors,
    requires_user_token,
)
from webex_bot_auth.errors import SettingError, StoreUnavailable, StoreUnreadable, WrongKey
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing import RunningBot, WebexSandbox
from webex_bot_auth.testing.made_up import context
from webex_bot_auth.testing.redirects import came_back
from webex_bot_auth.user_context.models import FlowState, InterruptedCommand

Make = Callable[..., TokenManager]
OLD, NEW = (base64.urlsafe_b64encode(bytes([byte]) * 32).decode() for byte in (1, 2))


# -- what is a secret


def issued(cloud: Sandbox) -> set[str]:
    """Every secret that this cloud has given out or was sent: what no log and no store may show."""
    names = {"code", "code_verifier", "client_secret", "refresh_token", "state", "access_token"}
    found = {held.value for held in cloud._tokens._access.values()}
    found |= {held.refresh_token for held in cloud._tokens._refresh.values()}
    for call in cloud.calls:
        found |= {str(value) for name, value in {**call.query, **call.form}.items() if name in names}
    return {secret for secret in found if secret}


def shown(hidden: set[str], where: str) -> list[str]:
    """Which of these are in a text, whole or cut off by somebody who shortens what he logs."""
    return [
        secret
        for secret in hidden
        if secret in where or (len(secret) >= 32 and (secret[:16] in where or secret[-16:] in where))
    ]


class Records(logging.Handler):
    """Everything that is logged, as a file would have it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = logging.Formatter("%(message)s").format(record)  # with exc_text
        self.texts.append((record.name, f"{text}\n{record.exc_text}\n{record.args}"))


@contextmanager
def everything_logged() -> Iterator[Records]:
    """The root logger and those that keep to themselves, at DEBUG."""
    records = Records()
    known = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    apart = [logger for logger in known if not logger.propagate]
    levels = {logger: logger.level for logger in [logging.root, *known]}
    for logger in [logging.root, *apart]:
        logger.addHandler(records)
    for logger in known:
        logger.setLevel(logging.NOTSET)
    logging.root.setLevel(logging.DEBUG)
    try:
        yield records
    finally:
        for logger in [logging.root, *apart]:
            logger.removeHandler(records)
        for logger, level in levels.items():
            logger.setLevel(level)


# -- logs


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


def whole_story(bot: RunningBot, records: Records) -> None:
    """Refusal, a wrong person, faults, login, commands, refresh, revoked tokens, logout: with real parts."""
    logging.root.setLevel(logging.DEBUG)  # webex_bot has its own idea
    cloud = bot.sandbox
    alice, bob = cloud.add_person("Alice Adams"), cloud.add_person("Bob Brown")
    card = bot.login_card(alice, after=bot.hears(alice, "whoami"))
    assert bot.press_login(card, alice, deny=True).status_code == 403
    team = bot.group(alice, bob)
    card = bot.login_card(alice, after=bot.hears(alice, "whoami", room=team))
    assert bot.press_login(card, bob).status_code == 403
    card = bot.login_card(alice, after=bot.hears(alice, "login"))
    with cloud.faults.token(status=503):
        assert bot.press_login(card, alice).status_code == 503
    card = bot.login_card(alice, after=card)
    with cloud.faults.rest("/v1/people/me", status=500):
        assert bot.press_login(card, alice).status_code == 503
    card = bot.login_card(alice, after=card)
    assert bot.press_login(card, alice).status_code == 200
    assert bot.press_login(card, alice).status_code == 410
    cloud.wait_for_message(team, lambda message: message.text == "You are Alice Adams", person=bot.person)
    assert "did not work" in bot.ask(alice, "fail").text
    assert bot.ask(alice, "read").text == "5 cards"
    stored = bot.manager.get_user_context(user_id=alice.id)
    assert stored
    bot.manager.set_user_context(user_id=alice.id, user_context=expiring(stored, -1))
    assert "You are Alice Adams" in bot.ask(alice, "whoami").text
    assert len(cloud.calls.refreshes()) == 1
    cloud.revoke_person(alice)
    card = bot.login_card(alice, after=bot.hears(alice, "whoami"))
    assert bot.press_login(card, alice).status_code == 200
    bot.answer_to(card, "You are Alice")
    assert "You are logged out" in bot.ask(alice, "logout").text
    assert records.texts


@pytest.mark.holds(16)
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_a_login_a_refresh_and_a_logout_leave_no_secret_in_any_log(
    cloud: WebexSandbox, either_manager: Make, encrypted: bool
) -> None:
    def make(*args: Any) -> TokenManager:
        return either_manager(*args, encryption_keys=[NEW] if encrypted else [])

    with everything_logged() as records:
        scopes = ["spark:people_read", "spark:messages_read"]
        bot = cloud.run(Whoami, Failing, Reading, manager=make, scopes=scopes)
        whole_story(bot, records)
        bot.manager.close()
    hidden = issued(cloud)
    assert len(hidden) > 15
    # the cloud is in this process too, and its side of the websocket is not the bot's
    texts = [(name, text) for name, text in records.texts if name != "websockets.server"]
    assert {name: text[:500] for name, text in texts if shown(hidden, text)} == {}
    # those that have most to say have said it
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


# -- objects and errors


def secretive(cloud: Sandbox, integration: Integration, make: Make) -> tuple[set[str], list[Any]]:
    """Secrets, and objects that hold them."""
    hidden = {secrets.token_urlsafe(24) for _ in range(5)}
    access, refresh, verifier, text, bot_token = hidden
    tokens = Tokens(access_token=access, refresh_token=refresh)
    integration.client_secret = text
    manager = make(bot_token, integration, encryption_keys=[OLD])
    flow = FlowState(user_id="alice", verifier=verifier)
    command = InterruptedCommand(
        user_id="alice", kind="message", id="m", words="echo", activity={"object": {"token": access}}
    )
    objects = [
        UserContext(user_id="alice", tokens=tokens),
        flow,
        command,
        [flow, {"a": command}],
        manager,
        manager._oauth,
        manager.chat,
        manager._records,
        manager._records._cipher,
        manager._refresher,
        manager._pending,
    ]
    return {*hidden, OLD}, objects


@pytest.mark.holds(17)
def test_no_object_shows_its_secrets(cloud: Sandbox, integration: Integration, either_manager: Make) -> None:
    hidden, objects = secretive(cloud, integration, either_manager)
    for thing in objects:
        for text in (repr(thing), str(thing), f"{thing}", f"{thing!a}"):
            assert shown(hidden, text) == []
    for thing in objects:
        if isinstance(thing, TokenManager):
            thing.close()


@pytest.mark.holds(17)
@pytest.mark.parametrize("broken", ["access_token", "user_id", "all"])
def test_what_is_malformed_is_refused_without_being_quoted(broken: str) -> None:
    secret = secrets.token_urlsafe(24)
    data: Any = {"user_id": "alice", "tokens": {"access_token": secret, "refresh_token": secret}}
    if broken == "access_token":
        data["tokens"]["access_token"] = [secret]
    elif broken == "user_id":
        data["user_id"] = [secret]
    else:
        data = secret
    for validate in (
        lambda: UserContext.model_validate(data),
        lambda: UserContext.model_validate_json(json.dumps(data)),
    ):
        with pytest.raises(ValueError, match="UserContext") as caught:
            validate()
        assert secret not in "".join(traceback.format_exception(caught.value))


@pytest.mark.holds(17)
@pytest.mark.parametrize(
    "stored",
    [
        '{"user_id": "alice", "tokens": {"access_token": ["SECRET"]}}',
        '{"user_id": "alice", "sealed": "SECRET"}',
        '{"sealed": ["SECRET"]}',
        '{"tokens": "SECRET"',
        '["SECRET"]',
        '"SECRET"',
        "SECRET: {",
        "- SECRET",
        "*SECRET",
        "!SECRET x",
    ],
)
@pytest.mark.parametrize("kind", ["yaml", "redis"])
@pytest.mark.parametrize("keys", [[], [OLD]], ids=["plain", "encrypted"])
def test_what_is_stored_and_unreadable_is_not_quoted(
    request: pytest.FixtureRequest,
    integration: Integration,
    tmp_path: Path,
    kind: str,
    stored: str,
    keys: list[str],
) -> None:
    make: Make = request.getfixturevalue(f"{kind}_manager")
    if kind == "yaml":
        (tmp_path / "tokens.yml").write_text(f"alice: {stored}\n")
    else:
        request.getfixturevalue("redis_server").client.set("user-alice", stored)
    with (
        make("bot-token", integration, encryption_keys=keys) as manager,
        pytest.raises(StoreUnreadable) as caught,
    ):
        manager.get_user_context(user_id="alice")
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))
    assert "alice" in str(caught.value) or "tokens.yml" in str(caught.value)


@pytest.mark.holds(17)
def test_an_error_of_the_token_service_shows_no_secret_in_its_traceback(
    cloud: Sandbox, integration: Integration, either_manager: Make
) -> None:
    hidden, objects = secretive(cloud, integration, either_manager)
    alice = objects[0]
    (manager,) = (thing for thing in objects if isinstance(thing, TokenManager))
    faults = [
        {"status": 400},
        {"status": 401},
        {"status": 503},
        {"reset": True},
        {"wrong_types": True},
        {"html": True},
    ]
    for fault in faults:
        with cloud.faults.token(**fault), pytest.raises(errors.TokenServiceError) as caught:
            manager._oauth.refresh(alice.tokens)
        assert shown(hidden, "".join(traceback.format_exception(caught.value))) == []
    manager.close()


@pytest.mark.holds(17)
@pytest.mark.parametrize(
    "keys", [["SECRET"], ["SECRET" * 6], [b"SECRET\xff"], ["SECRETé"], [OLD, "SECRET"], "SECRET"], ids=str
)
def test_a_malformed_encryption_key_is_not_quoted(
    integration: Integration, yaml_manager: Make, keys: Any
) -> None:
    with pytest.raises(SettingError, match="encryption_keys") as caught:
        yaml_manager("bot-token", integration, encryption_keys=keys)
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.holds(17)
@pytest.mark.parametrize(
    "url",
    ["redis://user:SECRET@127.0.0.1:1/0", "redis://:SECRET@127.0.0.1:port/0", "redi://:SECRET@x", "SECRET"],
)
def test_the_password_of_redis_is_not_quoted(integration: Integration, url: str) -> None:
    with pytest.raises((SettingError, StoreUnavailable)) as caught:
        RedisTokenManager("bot-token", integration, redis_url=url).get_user_context(user_id="alice")
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.holds(17)
def test_maintenance_names_flows_by_a_reference_that_is_no_secret(
    integration: Integration, redis_manager: Make, redis_url: str
) -> None:
    with redis_manager("bot-token", integration) as manager, Redis.from_url(redis_url) as redis:
        assert isinstance(manager, RedisTokenManager)
        manager.flow_maintenance()  # or the flow's start would see to it, beside us
        flow_id = manager.start_flow(user_id="alice")
        redis.delete(f"flows-{flow_id}")
        output = io.StringIO()
        manager.flow_maintenance(force=True, output=output)
    assert output.getvalue().startswith("dropped flow ")
    assert shown({flow_id}, output.getvalue()) == []


# -- files


@pytest.fixture
def umask() -> Iterator[Callable[[int], None]]:
    before = os.umask(0o022)
    yield lambda mask: os.umask(mask) and None
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(path.stat().st_mode & 0o7777) for path in folder.iterdir()}


@pytest.mark.holds(18)
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o177, 0o777], ids=oct)
def test_files_are_made_for_their_owner_alone_under_any_umask(
    integration: Integration, yaml_manager: Make, tmp_path: Path, umask: Callable[[int], None], mask: int
) -> None:
    umask(mask)
    with yaml_manager("bot-token", integration) as manager:
        for number in range(3):
            manager.set_user_context(user_id=f"user {number}", user_context=context(f"user {number}"))
            assert set(modes(tmp_path).values()) == {"0o600"}
        assert set(modes(tmp_path)) == {"tokens.yml", "tokens.yml.lock"}


@pytest.mark.holds(18)
def test_a_file_that_others_may_read_is_closed_to_them_with_the_next_write(
    integration: Integration, yaml_manager: Make, tmp_path: Path
) -> None:
    (tmp_path / "tokens.yml").touch(mode=0o644)
    with yaml_manager("bot-token", integration) as manager:
        manager.set_user_context(user_id="alice", user_context=context("alice"))
    assert modes(tmp_path)["tokens.yml"] == "0o600"


@pytest.mark.holds(18)
@pytest.mark.parametrize("name", ["tokens.yml", "tokens.yml.lock", "tokens.yml.{pid}.new"])
@pytest.mark.parametrize("there", [True, False])
def test_a_symlink_leads_no_write_and_no_read_elsewhere(
    integration: Integration, yaml_manager: Make, tmp_path: Path, name: str, there: bool
) -> None:
    elsewhere = tmp_path / "elsewhere" / "victim"
    elsewhere.parent.mkdir()
    if there:
        elsewhere.write_bytes(b'{"alice": {"user_id": "alice", "tokens": {"access_token": "planted"}}}')
    before = elsewhere.read_bytes() if there else None
    mode = elsewhere.stat().st_mode if there else None
    link = tmp_path / name.format(pid=os.getpid())
    link.symlink_to(elsewhere)
    with yaml_manager("bot-token", integration) as manager:
        if name == "tokens.yml":
            with pytest.raises(StoreUnavailable, match="symbolic link"):
                manager.get_user_context(user_id="alice")
            with pytest.raises(StoreUnavailable, match="symbolic link"):
                manager.set_user_context(user_id="alice", user_context=context("alice"))
            assert link.is_symlink()
        else:
            with suppress(StoreUnavailable):
                manager.set_user_context(user_id="alice", user_context=context("alice"))
                assert manager.get_user_context(user_id="alice") == context("alice")
    assert elsewhere.exists() == there
    if there:
        assert (elsewhere.read_bytes(), elsewhere.stat().st_mode) == (before, mode)


# -- tokens at rest


@pytest.fixture(params=["yaml", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "yaml":
        yield Store(request.getfixturevalue("yaml_manager"), folder=tmp_path)
    else:
        with Redis.from_url(request.getfixturevalue("redis_url")) as redis:
            yield Store(request.getfixturevalue("redis_manager"), redis=redis)


class Store:
    """A place where contexts are kept, seen from the side of who gets hold of it."""

    def __init__(self, make: Make, *, folder: Path | None = None, redis: Any = None) -> None:
        self.make = make
        self._folder = folder
        self._redis = redis

    def dump(self) -> bytes:
        """All that is in it."""
        if self._folder:
            return b"\n".join(path.read_bytes() for path in sorted(self._folder.iterdir()))
        return b"\n".join(key + b" " + self._value(key) for key in sorted(self._redis.keys()))

    def _value(self, key: bytes) -> bytes:
        kind = self._redis.type(key)
        if kind == b"set":
            return b" ".join(sorted(self._redis.smembers(key)))
        if kind == b"list":
            return b" ".join(self._redis.lrange(key, 0, -1))
        if kind == b"hash":
            return b" ".join(b" ".join(pair) for pair in sorted(self._redis.hgetall(key).items()))
        assert kind == b"string"
        return bytes(self._redis.get(key))

    def record(self, user_id: str) -> dict[str, Any]:
        """One user's record, as it stands there."""
        if self._redis:
            record: dict[str, Any] = json.loads(self._redis.get(f"user-{user_id}"))
            return record
        return {**self._file()[user_id]}

    def put(self, user_id: str, record: dict[str, Any]) -> None:
        """Put a record there behind the manager's back."""
        if self._redis:
            self._redis.set(f"user-{user_id}", json.dumps(record))
        else:
            assert self._folder
            (self._folder / "tokens.yml").write_text(json.dumps({**self._file(), user_id: record}))

    def _file(self) -> dict[str, Any]:
        import yaml

        assert self._folder
        users: dict[str, Any] = yaml.safe_load((self._folder / "tokens.yml").read_bytes())
        return users


@pytest.mark.holds(19)
def test_no_token_and_no_verifier_stands_in_an_encrypted_store(
    cloud: Sandbox, integration: Integration, store: Store
) -> None:
    alice, bot_token = cloud.add_person("Alice Adams"), cloud.add_bot("Echo Bot").token
    with store.make(bot_token, integration, encryption_keys=[NEW]) as manager:
        command = InterruptedCommand(
            user_id=alice.id, kind="message", id="m", words="echo", activity={"says": "what-alice-said"}
        )
        manager.request_login(user_id=alice.id, interrupted=command)
        url = manager.login_url(user_id=alice.id)
        dumps = [store.dump()]
        manager.process_redirect(**came_back(cloud, url, alice))
        dumps.append(store.dump())
        pending = manager.login_url(user_id=alice.id)
        stored = manager.get_user_context(user_id=alice.id)
        assert stored
        manager.set_user_context(user_id=alice.id, user_context=expiring(stored, -1))
        refreshed = manager.get_user_context_and_refresh(user_id=alice.id)
        assert refreshed
        dumps.append(store.dump())
        manager.process_redirect(**came_back(cloud, pending, alice))
    tokens = {value for value in issued(cloud) if value not in (url, pending)}
    states = {parse_qs(urlsplit(address).query)["state"][0] for address in (url, pending)}
    hidden = (tokens - states) | {"what-alice-said"}
    assert len(hidden) > 7
    assert "code_verifier" in cloud.calls.exchanges()[1].form
    for dump in dumps:
        assert shown(hidden, dump.decode()) == []


@pytest.mark.holds(19)
def test_one_users_record_does_not_open_for_another(integration: Integration, store: Store) -> None:
    with store.make("bot-token", integration, encryption_keys=[NEW]) as manager:
        for user_id in ("alice", "bob"):
            manager.set_user_context(user_id=user_id, user_context=context(user_id, f"token of {user_id}"))
        bobs = store.record("bob")
        for moved in (store.record("alice"), {**store.record("alice"), "user_id": "bob"}):
            store.put("bob", moved)
            with pytest.raises(WrongKey, match="bob"):
                manager.get_user_context(user_id="bob")
            with pytest.raises(WrongKey, match="bob"):
                manager.get_user_context_and_refresh(user_id="bob")
        assert manager.get_user_context(user_id="alice") == context("alice", "token of alice")
        store.put("bob", bobs)
        assert manager.get_user_context(user_id="bob") == context("bob", "token of bob")


@pytest.mark.holds(19)
def test_one_users_plain_record_is_not_taken_for_anothers(integration: Integration, store: Store) -> None:
    with store.make("bot-token", integration) as manager:
        for user_id in ("alice", "bob"):
            manager.set_user_context(user_id=user_id, user_context=context(user_id))
        store.put("bob", store.record("alice"))
        with pytest.raises(StoreUnreadable, match="bob"):
            manager.get_user_context(user_id="bob")


@pytest.mark.holds(19)
def test_one_logins_record_does_not_open_for_another(
    integration: Integration, redis_manager: Make, redis_url: str
) -> None:
    with (
        redis_manager("bot-token", integration, encryption_keys=[NEW]) as manager,
        Redis.from_url(redis_url) as redis,
    ):
        alices, bobs = (manager.start_flow(user_id=user_id) for user_id in ("alice", "bob"))
        record = redis.get(f"flows-{alices}")
        assert record
        redis.set(f"flows-{bobs}", record)
        with pytest.raises(WrongKey):
            manager._pending.take(bobs)


@pytest.mark.holds(19)
@pytest.mark.parametrize("changed", range(4))
def test_a_record_that_was_changed_does_not_open(
    integration: Integration, store: Store, changed: int
) -> None:
    with store.make("bot-token", integration, encryption_keys=[NEW]) as manager:
        manager.set_user_context(user_id="alice", user_context=context("alice"))
        record = store.record("alice")
        version, key_id, body = record["sealed"].split(".")
        flipped = body[:20] + ("A" if body[20] != "A" else "B") + body[21:]
        sealed = [
            f"v0.{key_id}.{body}",
            f"{version}.00000000.{body}",
            f"{version}.{key_id}.{flipped}",
            "nonsense",
        ]
        store.put("alice", {**record, "sealed": sealed[changed]})
        with pytest.raises(WrongKey, match="alice"):
            manager.get_user_context(user_id="alice")


@pytest.mark.holds(19)
@pytest.mark.parametrize("keys", [[OLD], []], ids=["another key", "no key"])
def test_a_wrong_key_is_told_and_nothing_is_deleted(
    integration: Integration, store: Store, keys: list[str]
) -> None:
    with store.make("bot-token", integration, encryption_keys=[NEW]) as right:
        right.set_user_context(user_id="alice", user_context=expiring(context("alice"), -1, 1000))
        before, dump = store.record("alice"), store.dump()
        with store.make("bot-token", integration, encryption_keys=keys) as wrong:
            attempts: list[Callable[[], Any]] = [
                lambda: wrong.get_user_context(user_id="alice"),
                lambda: wrong.get_user_context_and_refresh(user_id="alice"),
                lambda: wrong.logout(user_id="alice"),
                lambda: wrong.replace(context("alice"), None),
            ]
            for attempt in attempts:
                with pytest.raises(WrongKey, match=r"alice.*encryption_keys"):
                    attempt()
            assert store.dump() == dump
            wrong.set_user_context(user_id="bob", user_context=context("bob"))
            wrong.set_user_context(user_id="bob")
        assert store.record("alice") == before
        assert right.get_user_context(user_id="alice")


@pytest.mark.holds(19)
def test_keys_rotate_the_first_encrypts_and_all_decrypt(integration: Integration, store: Store) -> None:
    users = ("alice", "bob")
    with store.make("bot-token", integration, encryption_keys=[OLD]) as manager:
        for user_id in users:
            manager.set_user_context(user_id=user_id, user_context=context(user_id))
    with store.make("bot-token", integration, encryption_keys=[NEW, OLD]) as manager:
        for user_id in users:
            assert manager.get_user_context(user_id=user_id) == context(user_id)
        manager.set_user_context(user_id="alice", user_context=context("alice", "newer"))
        assert manager.replace(context("bob"), context("bob", "newer"))
    with store.make("bot-token", integration, encryption_keys=[OLD]) as manager, pytest.raises(WrongKey):
        manager.get_user_context(user_id="alice")
    with store.make("bot-token", integration, encryption_keys=[NEW]) as manager:
        for user_id in users:
            assert manager.get_user_context(user_id=user_id) == context(user_id, "newer")


@pytest.mark.holds(19)
def test_a_flow_survives_the_rotation_of_keys(
    cloud: Sandbox, integration: Integration, redis_manager: Make
) -> None:
    alice, bot_token = cloud.add_person("Alice Adams"), cloud.add_bot("Echo Bot").token
    with (
        redis_manager(bot_token, integration, encryption_keys=[OLD]) as old,
        redis_manager(bot_token, integration, encryption_keys=[NEW, OLD]) as new,
    ):
        back = came_back(cloud, old.login_url(user_id=alice.id), alice)
        assert new.process_redirect(**back) == "The bot can now act for you."


@pytest.mark.holds(19)
def test_plain_records_are_read_and_encrypted_with_the_next_write(
    integration: Integration, store: Store
) -> None:
    plain = context("alice", "token of alice")
    with store.make("bot-token", integration) as manager:
        manager.set_user_context(user_id="alice", user_context=plain)
        assert b"token of alice" in store.dump()
    with store.make("bot-token", integration, encryption_keys=[NEW]) as manager:
        assert manager.get_user_context(user_id="alice") == plain
        assert manager.replace(plain, plain)
        assert b"token of alice" not in store.dump()
        assert manager.get_user_context(user_id="alice") == plain


def test_plain_records_can_be_refused(integration: Integration, either_manager: Make) -> None:
    word = context("alice", access_token='what says "sealed" itself')
    with either_manager("token", integration) as manager:
        manager.set_user_context(user_id="alice", user_context=word)
    with either_manager("token", integration, encryption_keys=[OLD], accept_plain=False) as manager:
        with pytest.raises(StoreUnreadable, match="is not encrypted"):
            manager.get_user_context(user_id="alice")
        manager.set_user_context(user_id="alice", user_context=word)
        assert manager.get_user_context(user_id="alice") == word
    with pytest.raises(SettingError, match="accept_plain"):
        either_manager("token", integration, accept_plain=False)


@pytest.mark.holds(19)
def test_the_same_tokens_are_never_sealed_to_the_same_text(integration: Integration, store: Store) -> None:
    sealed = set()
    with store.make("bot-token", integration, encryption_keys=[NEW]) as manager:
        for _ in range(20):
            manager.set_user_context(user_id="alice", user_context=context("alice"))
            sealed.add(store.record("alice")["sealed"])
    assert len(sealed) == 20
