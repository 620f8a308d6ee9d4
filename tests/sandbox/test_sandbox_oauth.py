"""Logging in by redirect: the authorization endpoint and the token endpoint."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sandbox_world import World
from wxc_sdk import WebexSimpleApi
from wxc_sdk.integration import Integration
from wxc_sdk.rest import RestError
from wxc_sdk.tokens import Tokens

from webex_bot_auth.sandbox import OAuthSettings, Person
from webex_bot_auth.sandbox.model.clock import Clock
from webex_bot_auth.sandbox.oauth import tokens as sandbox_tokens
from webex_bot_auth.sandbox.oauth.authorization_codes import s256

VERIFIER = "v" * 43


@pytest.fixture
def integration(world: World) -> Integration:
    return world.cloud.integration(scopes=["spark:people_read", "spark:rooms_read"], name="Calendar <b>")


def redirect_query(world: World, url: str, person: Person, **how: bool) -> dict[str, str]:
    """Log in at an authorization URL and return the query of the redirect."""
    address = world.cloud.log_in(url, person, stop_before_redirect=True, **how)
    assert address.startswith("http://127.0.0.1:8911/redirect?")
    return {key: value for key, (value,) in parse_qs(urlsplit(address).query).items()}


def log_in(world: World, integration: Integration, person: Person) -> Tokens:
    """Log in and return the tokens."""
    return integration.tokens_from_code(redirect_query(world, integration.auth_url("s"), person)["code"])


def me(token: str) -> str:
    """Return the name of the person whom an access token acts for."""
    return WebexSimpleApi(tokens=token).people.me().display_name


def exchange(integration: Integration, code: str, **more: str) -> requests.Response:
    """Exchange a code, with these fields of the form changed or added."""
    form = {
        "grant_type": "authorization_code",
        "client_id": integration.client_id,
        "client_secret": integration.client_secret,
        "redirect_uri": integration.redirect_url,
        "code": code,
    }
    return requests.post(integration.token_service, data={**form, **more}, timeout=30)


def test_the_token_acts_for_the_person_who_approved(world: World, integration: Integration) -> None:
    answer = redirect_query(world, integration.auth_url("a state/ü"), world.bob)
    assert answer["state"] == "a state/ü"
    tokens = integration.tokens_from_code(answer["code"])
    assert (tokens.token_type, tokens.scope) == ("Bearer", "spark:people_read spark:rooms_read")
    assert (tokens.expires_in, tokens.refresh_token_expires_in) == (14 * 86400, 90 * 86400)
    assert me(tokens.access_token) == "Bob Brown"


def test_the_consent_page_names_the_integration_and_describes_the_scopes(
    world: World, integration: Integration
) -> None:
    page = requests.get(integration.auth_url("s"), timeout=30)
    assert "Calendar &lt;b&gt;" in page.text
    assert "See the titles of the spaces you are in" in page.text
    assert "Alice Adams" in page.text
    assert "Echo Bot" not in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_a_login_hint_fixes_the_person(world: World, integration: Integration) -> None:
    url = integration.auth_url("s") + "&login_hint=alice.adams@example.com"
    assert "Bob Brown" not in requests.get(url, timeout=30).text
    assert redirect_query(world, url, world.bob)["error"] == "access_denied"
    assert "code" in redirect_query(world, url, world.alice)


def test_a_refusal_comes_back_as_an_error(world: World, integration: Integration) -> None:
    answer = redirect_query(world, integration.auth_url("s"), world.alice, deny=True)
    assert (answer["error"], answer["state"], "code" in answer) == ("access_denied", "s", False)
    assert answer["error_description"]


def test_log_in_follows_the_redirect_to_the_application(world: World) -> None:
    integration = world.cloud.integration(redirect_url=f"{world.cloud.url}/device")
    answer = world.cloud.log_in(integration.auth_url("s"), as_person=world.alice)
    assert answer.status_code == 200
    assert answer.url.startswith(f"{world.cloud.url}/device?code=")


@pytest.mark.parametrize("wrong", ["client_id=nobody", "redirect_uri=https://evil.example/"])
def test_an_unknown_client_or_redirect_uri_is_never_redirected_to(
    world: World, integration: Integration, wrong: str
) -> None:
    fields = dict(parse_qs(urlsplit(integration.auth_url("s")).query, keep_blank_values=True))
    name, _, value = wrong.partition("=")
    answer = requests.get(
        integration.auth_service, params={**fields, name: [value]}, allow_redirects=False, timeout=30
    )
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    with pytest.raises(ValueError, match="400"):
        world.cloud.log_in(answer.url, world.alice)


def test_a_scope_the_integration_does_not_have_is_refused(world: World, integration: Integration) -> None:
    integration.scopes.append("spark:all")
    assert redirect_query(world, integration.auth_url("s"), world.alice)["error"] == "invalid_scope"


def test_administrators_scopes_are_granted_by_administrators_alone(world: World) -> None:
    admins = world.cloud.integration(scopes="spark-admin:people_read spark:kms")
    boss = world.cloud.add_person("Boss", admin=True)
    url = admins.auth_url(state="x")
    refused = world.cloud.log_in(url, world.alice, stop_before_redirect=True)
    assert "error=invalid_scope" in refused
    assert "code=" in world.cloud.log_in(url, boss, stop_before_redirect=True)


def test_a_scope_that_webex_does_not_have_is_warned_of(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    known = "spark:all spark:calls_write meeting:schedules_read spark-admin:telephony_config_read"
    world.cloud.integration(scopes=f"{known} spark:poeple_read people")
    warned = [one.getMessage().split()[0] for one in caplog.records if "no scope" in one.getMessage()]
    assert warned == ["spark:poeple_read", "people"]


def test_a_code_is_valid_once_and_for_ten_minutes(world: World, integration: Integration) -> None:
    code = redirect_query(world, integration.auth_url("s"), world.alice)["code"]
    assert exchange(integration, code).status_code == 200
    assert exchange(integration, code).status_code == 400
    code = redirect_query(world, integration.auth_url("s"), world.alice)["code"]
    world.cloud.pass_time(601)
    assert exchange(integration, code).status_code == 400


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"client_secret": "wrong"}, 401),
        ({"client_id": "wrong"}, 401),
        ({"redirect_uri": "http://127.0.0.1:8911/other"}, 400),
        ({"code": "wrong"}, 400),
        ({"grant_type": "password"}, 400),
        ({"code_verifier": VERIFIER}, 400),
    ],
)
def test_a_wrong_exchange_is_refused(
    world: World, integration: Integration, more: dict[str, str], status: int
) -> None:
    code = redirect_query(world, integration.auth_url("s"), world.alice)["code"]
    answer = exchange(integration, **{"code": code, **more})
    assert answer.status_code == status
    assert set(answer.json()) == {"message", "errors", "trackingId"}


def test_errors_can_have_the_format_of_rfc_6749(world: World, integration: Integration) -> None:
    world.cloud.oauth.error_shape = "rfc6749"
    answer = exchange(integration, "wrong")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("verifier", "status"), [(VERIFIER, 200), ("w" * 43, 400), ("", 400)], ids=["right", "wrong", "missing"]
)
def test_pkce(world: World, integration: Integration, verifier: str, status: int) -> None:
    url = integration.auth_url("s") + f"&code_challenge={s256(VERIFIER)}&code_challenge_method=S256"
    code = redirect_query(world, url, world.alice)["code"]
    assert exchange(integration, code, code_verifier=verifier).status_code == status


@pytest.mark.parametrize(
    "query", [f"code_challenge={VERIFIER}&code_challenge_method=plain", "code_challenge=short"]
)
def test_pkce_is_s256_only(world: World, integration: Integration, query: str) -> None:
    assert (
        redirect_query(world, f"{integration.auth_url('s')}&{query}", world.alice)["error"]
        == "invalid_request"
    )


def test_a_missing_scope_is_403_and_spark_all_covers_it(world: World) -> None:
    narrow = log_in(world, world.cloud.integration(scopes="spark:people_read"), world.alice)
    wide = log_in(world, world.cloud.integration(scopes="spark:all spark:kms"), world.alice)
    assert me(narrow.access_token) == "Alice Adams"
    with pytest.raises(RestError, match="403"):
        list(WebexSimpleApi(tokens=narrow.access_token).rooms.list())
    assert len(list(WebexSimpleApi(tokens=wide.access_token).rooms.list())) == 2


def test_an_expired_token_is_401_and_a_refresh_helps(world: World, integration: Integration) -> None:
    tokens = log_in(world, integration, world.alice)
    old = tokens.access_token
    world.cloud.pass_time(14 * 86400 + 1)
    with pytest.raises(RestError, match="401"):
        me(old)
    integration.refresh(tokens)
    assert tokens.access_token != old
    assert me(tokens.access_token) == "Alice Adams"
    assert len(world.cloud.calls.refreshes()) == 1


def test_refresh_keeps_the_refresh_token_unless_it_rotates(world: World, integration: Integration) -> None:
    tokens = log_in(world, integration, world.alice)
    first = tokens.refresh_token
    integration.refresh(tokens)
    assert tokens.refresh_token == first
    world.cloud.oauth.rotate_refresh_token = True
    integration.refresh(tokens)
    assert tokens.refresh_token != first
    with pytest.raises(requests.HTTPError, match="400"):
        integration.refresh(Tokens(refresh_token=first))


def test_refresh_can_omit_fields_and_return_the_same_token(world: World, integration: Integration) -> None:
    world.cloud.oauth.refresh_omits = ("refresh_token", "scope")
    world.cloud.oauth.refresh_returns_same_token = True
    tokens = log_in(world, integration, world.alice)
    before = tokens.access_token
    integration.refresh(tokens)
    assert (tokens.access_token, tokens.refresh_token, tokens.scope) == (before, None, None)


def test_a_refresh_token_expires_and_belongs_to_its_client(world: World, integration: Integration) -> None:
    tokens = log_in(world, integration, world.alice)
    with pytest.raises(requests.HTTPError, match="400"):
        world.cloud.integration().refresh(Tokens(refresh_token=tokens.refresh_token))
    world.cloud.pass_time(90 * 86400 + 1)
    with pytest.raises(requests.HTTPError, match="400"):
        integration.refresh(tokens)


def test_lifetimes_can_be_set(world: World, integration: Integration) -> None:
    world.cloud.oauth.access_token_lifetime = 60
    tokens = log_in(world, integration, world.alice)
    assert tokens.expires_in == 60
    assert integration.validate_tokens(tokens) is True


def test_revoking_an_access_token_ends_it_alone(world: World, integration: Integration) -> None:
    tokens = log_in(world, integration, world.alice)
    world.cloud.revoke(tokens.access_token)
    with pytest.raises(RestError, match="401"):
        me(tokens.access_token)
    integration.refresh(tokens)
    assert me(tokens.access_token) == "Alice Adams"


def test_revoking_a_person_ends_the_tokens_of_that_person_only(
    world: World, integration: Integration
) -> None:
    alice, bob = log_in(world, integration, world.alice), log_in(world, integration, world.bob)
    world.cloud.revoke_person(world.alice)
    with pytest.raises(RestError, match="401"):
        me(alice.access_token)
    with pytest.raises(requests.HTTPError, match="400"):
        integration.refresh(alice)
    assert me(bob.access_token) == "Bob Brown"


def test_authorizations_are_for_admins(world: World, integration: Integration) -> None:
    tokens = log_in(world, integration, world.alice)
    with pytest.raises(RestError, match="403"):
        WebexSimpleApi(tokens=world.alice.token).authorizations.list(person_id=world.alice.id)
    admin = WebexSimpleApi(tokens=world.cloud.add_person("Ada Admin", admin=True).token).authorizations
    held = admin.list(person_id=world.alice.id)
    assert [(one.type, one.application_name) for one in held] == [
        ("refresh", "Calendar <b>"),
        ("access", "Calendar <b>"),
    ]
    admin.delete(authorization_id=held[0].id)
    assert admin.list(person_id=world.alice.id) == []
    with pytest.raises(RestError, match="401"):
        me(tokens.access_token)


def test_secrets_are_in_no_repr(world: World, integration: Integration) -> None:
    log_in(world, integration, world.alice)
    held = sandbox_tokens.Tokens(Clock(), OAuthSettings())
    held.grant(world.alice, integration.client_id, ("spark:people_read",))
    shown = repr([world.alice, list(world.cloud.calls), held.authorizations()])
    secrets = world.cloud.secrets() | held.secrets()
    assert len(secrets) == 9  # three people, a code, two logins, the integration
    assert not [secret for secret in secrets if secret in shown]
