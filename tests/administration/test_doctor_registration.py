"""``doctor`` asks the authorization endpoint, without a login, whether address and scopes are registered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from support.doctor import Doctor
from support.raw_server import RawServer, answer
from wxc_sdk.integration import Integration

from webex_bot_auth.sandbox import Person, Sandbox

pytestmark = pytest.mark.usefixtures("no_settings")
NOT_CHECKED = (
    "warning: not checked: Webex answers with its login page, whatever is asked for; compare with https"
)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:5000/other", "http://127.0.0.1:5000/redirect/", "http://localhost:5000/redirect",
     "https://127.0.0.1:5000/redirect", "http://127.0.0.1:5000/redirect?a=1", "http://127.0.0.1:5000/Redirect"],
)  # fmt: skip
def test_an_address_that_is_not_the_registered_one(
    file_doctor: Doctor, cloud: Sandbox, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    registered = cloud.integration("http://127.0.0.1:5000/redirect")
    monkeypatch.setenv("WEBEX_CLIENT_ID", registered.client_id)
    monkeypatch.setenv("WEBEX_REDIRECT_URL", url)
    assert file_doctor.line("registered redirect address").startswith("error: Webex refuses that of")


@pytest.mark.parametrize(
    ("registered", "asked", "refused"),
    [
        ("spark:people_read", "spark:people_read spark:rooms_read", "spark:rooms_read"),
        ("spark:all", "spark:people_read spark:all", "spark:people_read"),
        ("spark:people_read", "spark:all", "spark:all"),
        ("spark:all spark:people_read", "spark:people_read a:b c:d", "a:b c:d"),
    ],
)
def test_a_scope_that_is_not_registered_is_named(
    file_doctor: Doctor,
    configuration: Integration,
    cloud: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    registered: str,
    asked: str,
    refused: str,
) -> None:
    made = cloud.integration(configuration.redirect_url, registered.split())
    monkeypatch.setenv("WEBEX_CLIENT_ID", made.client_id)
    monkeypatch.setenv("WEBEX_SCOPES", asked)
    assert file_doctor.line("registered scopes").startswith(f"error: Webex refuses {refused}; tick")
    assert file_doctor.line("registered redirect address") == "ok: known to Webex"


@pytest.mark.parametrize("wrong", ["", "WEBEX_REDIRECT_URL", "WEBEX_SCOPES"])
def test_a_login_page_tells_nothing(
    file_doctor: Doctor, cloud: Sandbox, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    cloud.oauth.checks_before_login = False
    if wrong:
        monkeypatch.setenv(wrong, {"WEBEX_SCOPES": "spark:all"}.get(wrong, "http://127.0.0.1:5000/other"))
    for subject in ("registered redirect address", "registered scopes"):
        assert file_doctor.line(subject).startswith(NOT_CHECKED)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (answer(503, {}), "warning: not checked: the authorization endpoint answers HTTP 503"),
        (answer(429, {}), "warning: not checked: the authorization endpoint answers HTTP 429"),
        (answer(404, {}), "warning: not checked: the authorization endpoint answers HTTP 404"),
        (answer(204, {}), "warning: not checked: the authorization endpoint answers HTTP 204"),
        (b"nonsense\r\n\r\n", "warning: not checked: the authorization endpoint does not answer"),
        (answer(401, {}), "error: Webex refuses the login (HTTP 401); compare with"),
        (
            answer(400, {"message": "no such client"}),
            "error: Webex refuses the login (HTTP 400); compare with",
        ),
    ],
)
def test_other_answers_of_the_endpoint(
    file_doctor: Doctor, monkeypatch: pytest.MonkeyPatch, head: bytes, said: str
) -> None:
    with RawServer(head) as server:
        monkeypatch.setenv("WEBEX_AUTH_SERVICE", server.url)
        assert file_doctor.line("registration").startswith(said)


def elsewhere(url: str) -> bytes:
    return answer(302, {}, Location="https://idbroker.example.com/login?error=none")


def refused(url: str) -> bytes:
    return answer(302, {}, Location=f"{url}?error=unauthorized_client&state=s")


@pytest.mark.parametrize(
    ("redirects", "subject", "said"),
    [
        (elsewhere, "registered scopes", NOT_CHECKED),
        (elsewhere, "registered redirect address", NOT_CHECKED),
        (refused, "registration", "error: Webex refuses the login (unauthorized_client)"),
    ],
)
def test_redirections_of_the_endpoint(
    file_doctor: Doctor,
    configuration: Integration,
    monkeypatch: pytest.MonkeyPatch,
    redirects: Callable[[str], bytes],
    subject: str,
    said: str,
) -> None:
    with RawServer(redirects(configuration.redirect_url)) as server:
        monkeypatch.setenv("WEBEX_AUTH_SERVICE", server.url)
        assert file_doctor.line(subject).startswith(said)


def test_the_sandbox_can_ask_for_the_sign_in_first(cloud: Sandbox, alice: Person) -> None:
    cloud.oauth.checks_before_login = False
    url = cloud.integration(scopes=["spark:all"]).auth_url("s").replace("spark%3Aall", "spark%3Arooms_read")
    page = requests.get(url, timeout=30)
    assert page.status_code == 200
    assert 'name="scope" value="spark:rooms_read"' in page.text
    back = requests.get(f"{url}&signed_in=1", allow_redirects=False, timeout=30).headers["Location"]
    assert "error=invalid_scope" in back
    assert "error=invalid_scope" in cloud.log_in(url, alice, stop_before_redirect=True)
