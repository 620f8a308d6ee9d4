"""Settings of an integration that are missing, malformed or unsafe."""

from __future__ import annotations

from typing import Any

import pytest
from support.webex_oauth import (
    integration_at,
    integration_with,
)

from webex_bot_auth import YAMLTokenManager
from webex_bot_auth.errors import (
    SettingError,
)
from webex_bot_auth.webex.oauth import check_integration


class TestSettings:
    @pytest.mark.parametrize("name", ["client_id", "client_secret", "scopes", "redirect_url"])
    @pytest.mark.parametrize("value", ["", None])
    def test_a_missing_one_is_named(self, name: str, value: Any) -> None:
        with pytest.raises(SettingError, match=f"^integration.{name}: is empty") as caught:
            check_integration(integration_with(name, value))
        assert caught.value.setting == f"integration.{name}"

    @pytest.mark.parametrize("name", ["token_service", "auth_service", "redirect_url"])
    @pytest.mark.parametrize(
        "value", ["webexapis.com/v1", "/v1/token", "//webexapis.com/v1", "https://", "https://["]
    )
    def test_half_an_address_is_named(self, name: str, value: str) -> None:
        with pytest.raises(SettingError) as caught:
            check_integration(integration_with(name, value))
        assert caught.value.setting == f"integration.{name}"

    @pytest.mark.holds(21)
    @pytest.mark.parametrize("name", ["token_service", "auth_service"])
    @pytest.mark.parametrize(
        "value",
        [
            "http://webexapis.com/v1",
            "http://10.0.0.1/v1",
            "http://127.evil.example/v1",
            "http://127.0.0.1.evil.example/v1",
            "http://localhost.evil.example/v1",
            "http://127.0.0.1@evil.example/v1",
            "ftp://webexapis.com/v1",
        ],
    )
    def test_secrets_are_sent_over_https_or_stay_on_this_machine(self, name: str, value: str) -> None:
        with pytest.raises(SettingError, match="https") as caught:
            check_integration(integration_with(name, value))
        assert caught.value.setting == f"integration.{name}"

    @pytest.mark.holds(21)
    def test_a_manager_with_such_a_service_is_not_made(self, tmp_path: Any) -> None:
        bad = integration_at("http://webexapis.com/v1/access_token")
        with pytest.raises(SettingError, match="token_service"):
            YAMLTokenManager("bot-token", bad, yml_base=str(tmp_path / "tokens"))

    @pytest.mark.holds(21)
    @pytest.mark.parametrize(
        "url",
        ["https://webexapis.com/v1", "http://localhost:99/v1", "http://LOCALHOST/v1", "http://127.0.0.1:5/v1",
         "http://127.1.2.3/v1", "http://[::1]:80/v1"],
    )  # fmt: skip
    def test_https_and_loopback_are_fine(self, url: str) -> None:
        check_integration(integration_at(url))
