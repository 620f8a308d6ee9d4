"""The token endpoints: they exchange codes, refresh tokens and device codes for access tokens."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from ..services import services
from .device_codes import DeviceCode
from .errors import OAuthError
from .integrations import Registration

blueprint = Blueprint("oauth_token", __name__, url_prefix="/v1")
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
DEVICE_ERRORS = {
    "authorization_pending": "The user has not completed the authorization yet.",
    "slow_down": "The device polls too often.",
    "access_denied": "The user denied the authorization.",
    "expired_token": "The device code has expired.",
    "invalid_grant": "The device code is unknown or was already used.",
}


@blueprint.post("/access_token")
def access_token() -> Response:
    """Return tokens for an authorization code or a refresh token."""
    client = _client()
    kind = _field("grant_type")
    if kind == "authorization_code":
        return _exchange(client)
    if kind == "refresh_token":
        return _refresh(client)
    raise OAuthError("unsupported_grant_type", f"The grant type {kind!r} is not supported.")


def _client() -> Registration:
    basic = request.authorization if request.authorization and request.authorization.type == "basic" else None
    client_id = (basic.username if basic else request.form.get("client_id")) or ""
    secret = (basic.password if basic else request.form.get("client_secret")) or ""
    client = services().integrations.authenticate(client_id, secret)
    if client is None:
        raise OAuthError("invalid_client", "The client id or secret is wrong.", 401)
    return client


def _field(name: str) -> str:
    values = request.form.getlist(name)
    if len(values) != 1 or not values[0]:
        raise OAuthError("invalid_request", f"{name} is missing or given more than once.")
    return values[0]


def _exchange(client: Registration) -> Response:
    code = services().authorization_codes.take(_field("code"))
    if code is None or code.client_id != client.client_id:
        raise OAuthError(
            "invalid_grant", "The authorization code is unknown, has expired or was already used."
        )
    if code.redirect_uri != _field("redirect_uri"):
        raise OAuthError("invalid_grant", "The redirect_uri is not that of the authorization request.")
    if not code.matches(request.form.get("code_verifier", "")):
        raise OAuthError("invalid_grant", "The code_verifier does not match the code_challenge.")
    return jsonify(services().tokens.grant(code.person, client.client_id, code.scopes))


def _refresh(client: Registration) -> Response:
    answer = services().tokens.refresh(_field("refresh_token"), client.client_id)
    if answer is None:
        raise OAuthError("invalid_grant", "The refresh token is unknown, expired or revoked.")
    return jsonify(answer)


@blueprint.post("/device/authorize")
def device_authorize() -> Response:
    """Return a device code, and the user code to show."""
    client = services().integrations.find(_field("client_id"))
    if client is None:
        raise OAuthError("invalid_client", "The client id is unknown.", 401)
    scopes = tuple(_field("scope").split())
    if not set(scopes) <= set(client.scopes):
        raise OAuthError("invalid_scope", "The integration does not have these scopes.")
    code = services().device_codes.issue(client.client_id, scopes)
    page = f"{request.host_url}device"
    return jsonify(
        device_code=code.value,
        user_code=code.user_code,
        verification_uri=page,
        verification_uri_complete=f"{page}?userCode={code.user_code}",
        expires_in=services().settings.device_code_lifetime,
        interval=code.interval,
    )


@blueprint.post("/device/token")
def device_token() -> Response:
    """Answer a device that polls; 428 until its user has decided."""
    client = _client()
    if _field("grant_type") != DEVICE_GRANT:
        raise OAuthError("unsupported_grant_type", "Only device codes are accepted here.")
    error, code = services().device_codes.poll(_field("device_code"), client.client_id)
    if error:
        raise OAuthError(error, DEVICE_ERRORS[error], 428 if error == "authorization_pending" else 400)
    return _device_answer(code, client)


def _device_answer(code: DeviceCode | None, client: Registration) -> Response:
    if code is None or code.person is None:
        raise AssertionError("a device code without an error has a person")
    return jsonify(services().tokens.grant(code.person, client.client_id, code.scopes))
