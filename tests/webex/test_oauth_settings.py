"""Settings of an integration that are missing, malformed or unsafe."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from support.webex_oauth import (
    integration_at,
    integration_with,
)

from webex_bot_auth import YAMLTokenManager
from webex_bot_auth.errors import (
    SettingError,
)
from webex_bot_auth.webex.oauth import WebexOAuth, check_integration


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

    @pytest.mark.holds(17)
    @pytest.mark.parametrize(
        "name", ["client_id", "client_secret", "redirect_url", "token_service", "auth_service"]
    )
    @pytest.mark.parametrize(
        "around",
        ['"{}"', "'{}'", "{}\n", "{} ", " {}", "\t{}", "{}\r\n", "<{}>", "\u201c{}\u201d", "{}\0"],
        ids=ascii,
    )  # fmt: skip
    def test_what_was_copied_with_something_around_it_is_refused_and_not_shown(
        self, name: str, around: str
    ) -> None:
        value = around.format(getattr(integration_with("scopes", "spark:people_read"), name) or "hush")
        with pytest.raises(SettingError) as caught:
            check_integration(integration_with(name, value))
        assert caught.value.setting == f"integration.{name}"
        assert value.strip() not in str(caught.value)

    @pytest.mark.parametrize("value", [b"bytes", 7, ["list"]])
    def test_what_is_no_text_is_refused(self, value: Any) -> None:
        with pytest.raises(SettingError, match=r"^integration\.client_id: has to be a text"):
            check_integration(integration_with("client_id", value))

    @pytest.mark.holds(71)
    @pytest.mark.parametrize(
        "scopes",
        [
            '"spark:people_read spark:rooms_read"',
            "'spark:people_read'",
            ['"spark:people_read"'],
            ["spark:people_read "],
            ["spark:people_read", "spark:rooms_read\n"],
            ["spark:people_read\nspark:rooms_read"],
            "\u201cspark:people_read\u201d",
            ["spark:people_read\ufeff"],
        ],
        ids=ascii,
    )
    def test_scopes_with_quotes_or_white_space_around_them_are_refused(self, scopes: Any) -> None:
        with pytest.raises(SettingError) as caught:
            check_integration(integration_with("scopes", scopes))
        assert caught.value.setting == "integration.scopes"

    @pytest.mark.parametrize(
        "scopes",
        [
            "spark:people_read spark:rooms_read",
            " spark:people_read\n\tspark:rooms_read ",
            ["spark:people_read", "spark:rooms_read"],
            ["spark:people_read spark:rooms_read"],
        ],
    )
    def test_scopes_may_be_written_in_several_ways(self, scopes: Any) -> None:
        integration = integration_with("scopes", scopes)
        assert WebexOAuth(integration).scopes == ["spark:people_read", "spark:rooms_read"]
        url = WebexOAuth(integration).authorization_url(state="s")
        assert parse_qs(urlsplit(url).query)["scope"] == ["spark:people_read spark:rooms_read"]

    @pytest.mark.parametrize("query", ["state=1", "code", "error=", "a=1&state=2", "st%61te=1", "a&code=&b"])
    def test_a_redirect_address_with_a_parameter_of_webex_is_refused(self, query: str) -> None:
        integration = integration_with("redirect_url", f"https://bot.example.com/redirect?{query}")
        with pytest.raises(SettingError, match=r"^integration\.redirect_url: must not have a parameter"):
            check_integration(integration)

    @pytest.mark.parametrize(
        "query",
        ["team=M%C3%BCnchen", "a=1&a=2", "State=1", "error_description=1", "codes=2", "next=%3Fstate%3D1"],
    )
    def test_another_query_is_fine(self, query: str) -> None:
        check_integration(integration_with("redirect_url", f"https://bot.example.com/redirect?{query}"))
