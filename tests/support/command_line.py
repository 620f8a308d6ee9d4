"""Fixtures for tests of ``python -m webex_bot_auth``: a store, and no settings but the test's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from wxc_sdk.integration import Integration

from webex_bot_auth.testing.sample_contexts import context

from .makers import KEY, Make


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hides the settings in the environment of the developer who runs the tests."""
    for name in [name for name in os.environ if name.startswith(("WEBEX_", "REDIS_URL", "SQL_URL"))]:
        monkeypatch.delenv(name)


@pytest.fixture(params=["yaml", "redis", "sqlite"])
def store_arguments(request: pytest.FixtureRequest, no_settings: None, tmp_path: Path) -> list[str]:
    """Arguments that name the store of ``store_manager``: a file, Redis, a database."""
    if request.param == "yaml":
        return ["--yaml", str(tmp_path / "tokens")]
    kind = "redis" if request.param == "redis" else "sql"
    return [f"--{kind}-url", request.getfixturevalue(f"{request.param}_url")]


@pytest.fixture
def store_manager(request: pytest.FixtureRequest, store_arguments: list[str]) -> Make:
    """Makes managers over the store that ``store_arguments`` name."""
    kind = store_arguments[0].removeprefix("--").removesuffix("-url").replace("sql", "sqlite")
    make: Make = request.getfixturevalue(f"{kind}_manager")
    return make


@pytest.fixture
def unreadable_alice(store_arguments: list[str], store_manager: Make, integration: Integration) -> list[str]:
    """Arguments for a store where one of two records, Alice's, needs a key that is not configured."""
    with store_manager("token", integration, encryption_keys=[KEY]) as sealed:
        sealed.set_user_context(user_id="alice", user_context=context("alice"))
    with store_manager("token", integration) as plain:
        plain.set_user_context(user_id="bob", user_context=context("bob"))
    return store_arguments
