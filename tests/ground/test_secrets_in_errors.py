"""The texts of objects and errors contain no secret."""

from __future__ import annotations

import io
import json
import secrets
import traceback
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from support.leaks import leaked
from support.makers import KEY, Make
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from webex_bot_auth import (
    RedisTokenManager,
    TokenManager,
    UserContext,
    errors,
)
from webex_bot_auth.errors import SettingError, StoreUnavailable, StoreUnreadable
from webex_bot_auth.logins.desk import Desk, Flow, WaitingCommand
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.webex.oauth import WebexOAuth


def secretive(cloud: Sandbox, integration: Integration, make: Make) -> tuple[set[str], list[Any]]:
    """Secrets, and objects that contain them."""
    hidden = {secrets.token_urlsafe(24) for _ in range(5)}
    access, refresh, verifier, text, bot_token = hidden
    tokens = Tokens(access_token=access, refresh_token=refresh)
    integration.client_secret = text
    manager = make(bot_token, integration, encryption_keys=[KEY])
    flow = Flow(id=verifier, verifier=verifier, device_code=verifier)
    command = WaitingCommand(
        user_id="alice", kind="message", id="m", display_name="echo", activity={"object": {"token": access}}
    )
    objects = [
        UserContext(user_id="alice", tokens=tokens),
        flow,
        command,
        [flow, {"a": command}],
        Desk(user_id="alice", flows=(flow,), waiting=(command,)),
        *with_parts(manager),
    ]
    return {*hidden, KEY}, objects


def with_parts(whole: object) -> list[object]:
    """An object of this package and all others of it that it is put together from."""
    found, new = [whole], [whole]
    while new:
        parts = [part for one in new for part in vars(one).values() if hasattr(part, "__dict__")]
        new = [
            part
            for part in parts
            if type(part).__module__.startswith("webex_bot_auth.") and not any(part is one for one in found)
        ]
        found += new
    assert {type(part).__name__ for part in found} >= {
        "Ending",
        "Refresher",
        "Records",
        "Cipher",
        "WebexOAuth",
    }
    return found


@pytest.mark.holds(17)
def test_no_object_shows_its_secrets(cloud: Sandbox, integration: Integration, either_manager: Make) -> None:
    hidden, objects = secretive(cloud, integration, either_manager)
    for thing in objects:
        for text in (repr(thing), str(thing), f"{thing}", f"{thing!a}"):
            assert leaked(hidden, text) == []
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
@pytest.mark.parametrize("keys", [[], [KEY]], ids=["plain", "encrypted"])
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
            WebexOAuth(integration).refresh(alice.tokens)
        assert leaked(hidden, "".join(traceback.format_exception(caught.value))) == []
    manager.close()


@pytest.mark.holds(17)
@pytest.mark.parametrize(
    "keys", [["SECRET"], ["SECRET" * 6], [b"SECRET\xff"], ["SECRETé"], [KEY, "SECRET"], "SECRET"], ids=str
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
        manager.flow_maintenance()  # otherwise the new flow would start it in the background
        flow_id = manager.start_flow(user_id="alice")
        redis.delete(f"flows-{flow_id}")
        output = io.StringIO()
        manager.flow_maintenance(force=True, output=output)
    assert output.getvalue().startswith("dropped flow ")
    assert leaked({flow_id}, output.getvalue()) == []
