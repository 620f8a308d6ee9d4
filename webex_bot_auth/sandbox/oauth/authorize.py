"""The authorization endpoint with its consent page, and the page where a user code is entered."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as WerkzeugResponse

from ..model.people import Person
from ..services import services
from .integrations import Registration
from .scopes import describe, may_grant

blueprint = Blueprint("oauth_authorize", __name__)
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # base64 of a SHA-256 digest
ADMINISTRATORS_ONLY = "Only an administrator may grant all of these scopes."
SINGLE_PARAMETERS = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "login_hint",
)


@dataclass(frozen=True)
class AuthorizationRequest:
    """An authorization request whose client ID and redirect URI have been checked.

    Attributes:
        client: The integration.
        redirect_uri: Where the browser goes afterwards.
        scopes: What the integration asks for.
        state: The ``state``; None if there is none.
        challenge: The PKCE challenge; empty without PKCE.
        login_hint: The email address of the only person who may approve; empty for all.
    """

    client: Registration
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    challenge: str
    login_hint: str

    def redirect(self, result: Mapping[str, str]) -> WerkzeugResponse:
        """Redirect the browser to the integration, with a result in the query."""
        state = {"state": self.state} if self.state is not None else {}
        separator = "&" if "?" in self.redirect_uri else "?"
        return redirect(f"{self.redirect_uri}{separator}{urlencode({**result, **state})}")

    def error(self, code: str, description: str) -> WerkzeugResponse:
        """Redirect the browser to the integration, with an error."""
        return self.redirect({"error": code, "error_description": description})


def _parse_request() -> AuthorizationRequest | Response:
    query = request.args
    if any(len(query.getlist(name)) > 1 for name in SINGLE_PARAMETERS):
        return _problem("A parameter is given more than once.")
    client = services().integrations.find(query.get("client_id", ""))
    if client is None:
        return _problem("The client_id is not that of a registered integration.")
    redirect_uri = query.get("redirect_uri", "")
    if redirect_uri not in client.redirect_urls:
        return _problem("The redirect_uri is not registered for this integration.")
    scopes = tuple(dict.fromkeys(query.get("scope", "").split())) or client.scopes
    challenge, hint = query.get("code_challenge", ""), query.get("login_hint", "")
    return AuthorizationRequest(client, redirect_uri, scopes, query.get("state"), challenge, hint)


def _refusal(authorization: AuthorizationRequest) -> WerkzeugResponse | None:
    if request.args.get("response_type") != "code":
        return authorization.error("unsupported_response_type", "Only response_type=code is supported.")
    if not set(authorization.scopes) <= set(authorization.client.scopes):
        return authorization.error("invalid_scope", "The integration does not have all of these scopes.")
    method = request.args.get("code_challenge_method")
    is_usable = method in (None, "S256") and CHALLENGE.fullmatch(authorization.challenge)
    if (authorization.challenge or method is not None) and not is_usable:
        return authorization.error("invalid_request", "The code_challenge must be made by the method S256.")
    return None


@blueprint.get("/v1/authorize")
def consent() -> WerkzeugResponse:
    """Show the page that asks whether to approve, and as whom."""
    if not (services().settings.checks_before_login or "signed_in" in request.args):
        return make_response(render_template("sign_in.html", query=request.args.items(multi=True)))
    authorization = _parse_request()
    if isinstance(authorization, Response):
        return authorization
    people = _people(authorization.login_hint)
    return _refusal(authorization) or make_response(
        render_template(
            "consent.html",
            client=authorization.client,
            descriptions=describe(authorization.scopes),
            people=[one for one in people if may_grant(one, authorization.scopes)] or people,
            asked=_asked(authorization.state),
        )
    )


@blueprint.post("/v1/authorize")
def decide() -> WerkzeugResponse:
    """Redirect the browser to the integration, with a code or a refusal."""
    authorization = _parse_request()
    if isinstance(authorization, Response):
        return authorization
    refusal = _refusal(authorization)
    if refusal:
        return refusal
    person = _approver(authorization.login_hint)
    if person is None:
        return authorization.error("access_denied", "The user denied the request.")
    if not may_grant(person, authorization.scopes):
        return authorization.error("invalid_scope", ADMINISTRATORS_ONLY)
    codes = services().authorization_codes
    code = codes.issue(
        person,
        authorization.client.client_id,
        authorization.redirect_uri,
        authorization.scopes,
        authorization.challenge,
    )
    return authorization.redirect({"code": code})


def _people(hint: str) -> list[Person]:
    people = [person for person in services().cloud.people if not person.is_bot]
    return [person for person in people if person.email == hint.lower()] or people


def _asked(shown: str | None) -> Person | None:
    """Return the person to whom a card with this state or user code was sent; None if it is unknown."""
    for message in reversed(services().cloud.messages()) if shown else ():
        others = [person for person in message.room.people if not person.is_bot]
        if len(others) == 1 and message.card and str(shown) in json.dumps(message.card):
            return others[0]
    return None


def _approver(hint: str) -> Person | None:
    if request.form.get("decision") != "approve":
        return None
    person = services().cloud.find_person(request.form.get("person", ""))
    return person if person in _people(hint) else None


@blueprint.get("/device")
def device() -> Response:
    """Show the page that asks for a user code, and then whether to approve."""
    user_code = request.args.get("userCode", "")
    code = services().device_codes.find_by_user_code(user_code)
    client = services().integrations.find(code.client_id) if code else None
    page = render_template(
        "device.html",
        code=code,
        client=client,
        descriptions=describe(code.scopes) if code else [],
        people=_people(""),
        asked=_asked(user_code),
        wrong=bool(user_code) and code is None,
    )
    return make_response(page)


@blueprint.post("/device")
def decide_device() -> Response:
    """Record whether a device is approved."""
    codes = services().device_codes
    code = codes.find_by_user_code(request.form.get("user_code", ""))
    if code is None:
        return _problem("This code is unknown, has expired or was already used.")
    person = _approver("")
    if person and not may_grant(person, code.scopes):
        return _problem(ADMINISTRATORS_ONLY)
    codes.decide(code, person)
    return make_response(render_template("device_done.html", approved=person is not None))


def _problem(text: str) -> Response:
    return make_response(render_template("problem.html", text=text), 400)
