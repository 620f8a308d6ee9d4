"""The two clicks of a person: one on the page that asks for permission, one on that of the device login."""

from __future__ import annotations

import secrets
import sys
import threading
import time
import webbrowser
from base64 import urlsafe_b64encode
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from .webex import Webex, body

WAIT = 75  # seconds for a click
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def authorization_url(webex: Webex, **changed: str) -> str:
    """Return the address of the page that asks for permission; ``changed`` are parameters of its query."""
    integration = webex.settings.integration
    query = {
        "response_type": "code",
        "client_id": integration.client_id,
        "redirect_uri": integration.redirect_url,
        "scope": " ".join(integration.scopes),
        "state": secrets.token_urlsafe(16),
    }
    return f"{integration.auth_service}?{urlencode({**query, **changed})}"


def log_in(webex: Webex) -> bool:
    """Ask for the first click, exchange the code for tokens, and return whether there are some."""
    integration, verifier = webex.settings.integration, secrets.token_urlsafe(48)
    webex.state = f"a b+c/ä&=%20:{secrets.token_urlsafe(64)}"
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
    redirect = urlsplit(integration.redirect_url)
    came = threading.Event()

    class Redirect(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            """Take the result of the login."""
            asked = urlsplit(self.path)
            is_result = asked.path == (redirect.path or "/") and bool(asked.query)
            if is_result:
                webex.redirected = dict(parse_qsl(asked.query))
            self.send_response(200 if is_result else 404)
            self.end_headers()
            self.wfile.write(b"Thank you. Go back to the terminal." if is_result else b"")
            if is_result:
                came.set()

        def log_message(self, *_: Any) -> None:
            """Log nothing, as the query has the code."""

    with HTTPServer((redirect.hostname or "", redirect.port or 80), Redirect) as server:
        server.timeout = 0.5
        _ask(
            1,
            authorization_url(
                webex, state=webex.state, code_challenge=challenge, code_challenge_method="S256"
            ),
        )
        until = time.monotonic() + min(WAIT, webex.left())
        while not came.is_set() and time.monotonic() < until:
            server.handle_request()
    if webex.redirected.get("state") == webex.state and "code" in webex.redirected:
        answer = webex.token_endpoint(
            grant_type="authorization_code",
            code=webex.redirected["code"],
            redirect_uri=integration.redirect_url,
            code_verifier=verifier,
        )
        webex.tokens = body(answer)
    return bool(webex.tokens)


def device_url(webex: Webex, name: str) -> str:
    """Return the address of an endpoint of the device login."""
    return f"{webex.settings.integration.token_service.rpartition('/')[0]}/device/{name}"


def offer(webex: Webex, scope: str) -> requests.Response:
    """Return the answer to a device that begins to log in."""
    form = {"client_id": webex.settings.integration.client_id, "scope": scope}
    return webex.send("POST", device_url(webex, "authorize"), data=form)


def poll(webex: Webex, code: str) -> requests.Response:
    """Ask for the tokens of a device code, and return the answer."""
    integration = webex.settings.integration
    form = {"grant_type": DEVICE_GRANT, "device_code": code, "client_id": integration.client_id}
    client = (integration.client_id, integration.client_secret)
    return webex.send("POST", device_url(webex, "token"), data=form, auth=client)


def approve_device(webex: Webex) -> bool:
    """Ask for the second click, and return whether it brought tokens; the statuses of the polls are kept."""
    webex.offer = offer(webex, " ".join(webex.settings.integration.scopes))
    device = body(webex.offer)
    webex.polls += [
        poll(webex, device["device_code"]).status_code for _ in range(2)
    ]  # the second is too early
    _ask(2, device["verification_uri_complete"])
    until = time.monotonic() + min(WAIT, webex.left())
    while time.monotonic() < until:
        time.sleep(int(device["interval"]) + 0.2)
        answer = poll(webex, device["device_code"])
        if answer.status_code != 428 and "slow_down" not in answer.text:
            webex.polls.append(answer.status_code)
            return answer.ok
    return False


def _ask(number: int, url: str) -> None:
    print(f"Click {number} of 2, within {WAIT} s: accept at {url}", file=sys.stderr, flush=True)
    # some browsers return only when they are closed
    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
