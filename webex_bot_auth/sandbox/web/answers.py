"""The answers that are given to a running sandbox, for what it does not have."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.exceptions import HTTPException

from ..model.errors import WebexError
from ..rest.custom_answers import Answer, AnswerEntry, whole
from ..rest.request_bodies import parse
from ..services import services
from .bodies import body

blueprint = Blueprint("web_answers", __name__, url_prefix="/sandbox/answers")


@blueprint.get("")
def answers() -> Response:
    """Return the answers that the sandbox has been given."""
    return jsonify(
        answers=[
            {"path": one.path, "method": one.method, "status": one.status, "json": one.json}
            for one in services().answers.all()
        ]
    )


@blueprint.put("")
def give() -> Response:
    """Answer a path from now on, instead of what was given for it before.

    Raises:
        WebexError: 400, the answer is not as it has to be; 409, the sandbox has this path itself; 415, the
            request has no JSON.
    """
    entry = parse(AnswerEntry, body())
    if _has(entry.method, entry.path):
        raise WebexError(409, f"The sandbox answers {entry.method} {entry.path} itself.")
    _remove(_given(entry.path, entry.method))
    services().answers.add(entry.path, entry.method, entry.body, entry.status)
    return answers()


def _has(method: str, path: str) -> bool:
    try:
        current_app.url_map.bind("").match(path, method)
    except HTTPException:
        return False
    return True


@blueprint.delete("")
def take_back() -> Response:
    """Forget the answers to a path (``?path=``, ``?method=``); without a path, all.

    Raises:
        WebexError: 404, there is none.
    """
    path, method = request.args.get("path"), request.args.get("method")
    found = _given(whole(path) if path else None, method.upper() if method else None)
    if (path or method) and not found:
        raise WebexError(404, "The sandbox has not been given this answer.")
    _remove(found)
    return answers()


def _given(path: str | None, method: str | None) -> list[Answer]:
    return [
        one
        for one in services().answers.all()
        if one.path == (path or one.path) and one.method == (method or one.method)
    ]


def _remove(found: list[Answer]) -> None:
    for one in found:
        services().answers.remove(one)
