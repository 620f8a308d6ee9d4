"""The calls that clients have made, with their secrets masked until they are revealed."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request

from ...http.calls import Call
from ...model.clock import iso
from ...model.errors import WebexError
from ...services import services

blueprint = Blueprint("workbench_calls", __name__, url_prefix="/workbench/calls")
SHOWN = 300  # calls in the list, the latest
LARGEST = 100_000  # characters of a body that are shown
#: headers that curl sends by itself
OF_CURL = frozenset({"host", "content-length", "connection", "accept-encoding", "user-agent"})


@blueprint.get("")
def calls() -> Response:
    """Return the latest calls, oldest first."""
    recorded = list(services().calls)
    numbered = list(enumerate(recorded))[-SHOWN:]
    return jsonify(calls=[_row(number, call) for number, call in numbered], total=len(recorded))


def _row(number: int, call: Call) -> dict[str, Any]:
    return {
        "number": number,
        "time": iso(call.started) if call.started else "",
        "who": call.person.display_name if call.person else "",
        "method": call.method,
        "path": call.path,
        "status": call.status,
        "ms": None if call.duration is None else round(1000 * call.duration),
    }


@blueprint.get("/<int:number>")
def one_call(number: int) -> Response:
    """Return one call in full; with ``?reveal=1``, its secrets as well."""
    try:
        call = services().calls[number]
    except IndexError:
        raise WebexError(404, "This call is not in the list any more.") from None
    secrets = request.args.get("reveal") == "1"
    query = f"?{urlencode(call.query)}" if call.query else ""
    texts = {
        "request": f"{call.method} {call.path}{query}\n{_headers(call.headers)}",
        "requestBody": _pretty(call.body),
        "answer": f"{call.status or 'no answer'}\n{_headers(call.answer_headers)}",
        "answerBody": _pretty(call.answer_body),
        "curl": _curl(call, f"{request.host_url.rstrip('/')}{call.path}{query}"),
    }
    return jsonify(
        {name: text if secrets else services().masked(text) for name, text in texts.items()},
    )


@blueprint.post("/clear")
def clear() -> Response:
    """Remove all calls from the list."""
    services().calls.clear()
    services().cloud.feed.touch("calls")
    return jsonify({})


def _headers(headers: Mapping[str, str]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in headers.items())


def _pretty(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"({len(body)} bytes)"
    with suppress(ValueError):  # a form, HTML, or nothing
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return text if len(text) <= LARGEST else f"{text[:LARGEST]}\n({len(text)} characters in all)"


def _curl(call: Call, url: str) -> str:
    headers = [
        f"-H {shlex.quote(f'{name}: {value}')}"
        for name, value in call.headers.items()
        if name.lower() not in OF_CURL
    ]
    body = [f"--data-raw {shlex.quote(call.body.decode(errors='replace'))}"] if call.body else []
    return " \\\n  ".join([f"curl -X {call.method} {shlex.quote(url)}", *headers, *body])
