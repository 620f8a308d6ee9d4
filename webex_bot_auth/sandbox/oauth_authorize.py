"""The authorization endpoint and its consent page; the page where a device's code is entered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as WerkzeugResponse

from .integrations import Registration
from .people import Person
from .scopes import in_words
from .services import services

blueprint = Blueprint("oauth_authorize", __name__)
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # base64 of a SHA-256
SINGLE = ("client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "login_hint")


@dataclass(frozen=True)
class Asked:
    """An authorization request whose client and redirect URI are known to be good."""

    client: Registration
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    challenge: str
    login_hint: str

    def answer(self, answer: Mapping[str, str]) -> WerkzeugResponse:
        """Send the browser back to the integration."""
        state = {"state": self.state} if self.state is not None else {}
        joint = "&" if "?" in self.redirect_uri else "?"
        return redirect(f"{self.redirect_uri}{joint}{urlencode({**answer, **state})}")

    def error(self, code: str, description: str) -> WerkzeugResponse:
        """Send the browser back with an error."""
        return self.answer({"error": code, "error_description": description})


def _asked() -> Asked | Response:
    query = request.args
    if any(len(query.getlist(name)) > 1 for name in SINGLE):
        return _problem("A parameter is given more than once.")
    client = services().integrations.find(query.get("client_id", ""))
    if client is None:
        return _problem("The client_id is not that of a registered integration.")
    redirect_uri = query.get("redirect_uri", "")
    if redirect_uri not in client.redirect_urls:
        return _problem("The redirect_uri is not registered for this integration.")
    scopes = tuple(dict.fromkeys(query.get("scope", "").split())) or client.scopes
    challenge, hint = query.get("code_challenge", ""), query.get("login_hint", "")
    return Asked(client, redirect_uri, scopes, query.get("state"), challenge, hint)


def _refusal(asked: Asked) -> WerkzeugResponse | None:
    if request.args.get("response_type") != "code":
        return asked.error("unsupported_response_type", "Only response_type=code is supported.")
    if not set(asked.scopes) <= set(asked.client.scopes):
        return asked.error("invalid_scope", "The integration does not have all of these scopes.")
    method = request.args.get("code_challenge_method", "S256" if asked.challenge else "")
    if method and (method != "S256" or not CHALLENGE.fullmatch(asked.challenge)):
        return asked.error("invalid_request", "The code_challenge must be one of the method S256.")
    return None


@blueprint.get("/v1/authorize")
def consent() -> WerkzeugResponse:
    """Ask whether to let the integration in, and as whom."""
    asked = _asked()
    if isinstance(asked, Response):
        return asked
    return _refusal(asked) or make_response(
        render_template(
            "consent.html",
            client=asked.client,
            abilities=in_words(asked.scopes),
            people=_people(asked.login_hint),
        )
    )


@blueprint.post("/v1/authorize")
def decide() -> WerkzeugResponse:
    """Take the answer, and send the browser back with a code or a refusal."""
    asked = _asked()
    if isinstance(asked, Response):
        return asked
    refusal = _refusal(asked)
    if refusal:
        return refusal
    person = _approver(asked.login_hint)
    if person is None:
        return asked.error("access_denied", "The user denied the request.")
    codes = services().codes
    code = codes.issue(person, asked.client.client_id, asked.redirect_uri, asked.scopes, asked.challenge)
    return asked.answer({"code": code})


def _people(hint: str) -> list[Person]:
    people = [person for person in services().cloud.people if not person.is_bot]
    return [person for person in people if person.email == hint.lower()] or people


def _approver(hint: str) -> Person | None:
    if request.form.get("decision") != "approve":
        return None
    person = services().cloud.find_person(request.form.get("person", ""))
    return person if person in _people(hint) else None


@blueprint.get("/device")
def device() -> Response:
    """Ask for a user code, and then whether to let the device in."""
    user_code = request.args.get("userCode", "")
    code = services().device_codes.by_user_code(user_code)
    client = services().integrations.find(code.client_id) if code else None
    page = render_template(
        "device.html",
        code=code,
        client=client,
        abilities=in_words(code.scopes) if code else [],
        people=_people(""),
        wrong=bool(user_code) and code is None,
    )
    return make_response(page)


@blueprint.post("/device")
def decide_device() -> Response:
    """Take the answer for a device."""
    codes = services().device_codes
    code = codes.by_user_code(request.form.get("user_code", ""))
    if code is None:
        return _problem("This code is unknown, expired or was used.")
    person = _approver("")
    codes.decide(code, person)
    return make_response(render_template("device_done.html", approved=person is not None))


def _problem(text: str) -> Response:
    return make_response(render_template("problem.html", text=text), 400)
