"""What the sandbox answers where it has nothing of its own: what it has been given, or 501."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from flask import Response, jsonify
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from ..model.errors import WebexError

logger = logging.getLogger("webex_bot_auth.sandbox")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class AnswerEntry(BaseModel):
    """An answer as a state file and ``PUT /sandbox/answers`` give it."""

    model_config = ConfigDict(extra="forbid")

    path: str
    method: str = "GET"
    body: Any = Field(None, alias="json")
    status: int = Field(200, ge=200, le=599)

    @field_validator("path")
    @classmethod
    def _with_v1(cls, path: str) -> str:
        if not path.strip("/") or not path.isprintable() or any(mark in path for mark in "?#:"):
            raise PydanticCustomError("path", "a path such as /v1/telephony/calls is needed, without a query")
        return whole(path)

    @field_validator("method")
    @classmethod
    def _in_capitals(cls, method: str) -> str:
        if method.upper() not in METHODS:
            raise PydanticCustomError("method", f"one of {', '.join(METHODS)} is needed")
        return method.upper()


def whole(path: str) -> str:
    """Return a path from ``/v1`` on, without a slash at its end, as requests are looked up."""
    return f"/v1/{path.lstrip('/').removeprefix('v1/')}".rstrip("/")


@dataclass(eq=False)
class Answer:
    """An answer that the sandbox has been given; the end of its ``with`` block takes it back.

    Attributes:
        method: The HTTP method that it answers.
        path: The path that it answers, from ``/v1`` on.
        json: What it answers; None for an empty body.
        status: The HTTP status.
        answers: All answers of the sandbox.
    """

    method: str
    path: str
    json: Any
    status: int
    answers: Answers = field(repr=False)

    def __enter__(self) -> Answer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.answers.remove(self)


class Answers:
    """The answers that the sandbox has been given."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: list[Answer] = []

    def add(self, path: str, method: str, json: Any, status: int) -> Answer:
        """Answer a path from now on; see ``Sandbox.answer``."""
        answer = Answer(method.upper(), whole(path), json, status, self)
        with self._lock:
            self._answers.append(answer)
        return answer

    def remove(self, answer: Answer) -> None:
        """Take an answer back."""
        with self._lock:
            self._answers = [one for one in self._answers if one is not answer]

    def all(self) -> list[Answer]:
        """Return all answers, the latest of each method and path last."""
        with self._lock:
            return list(self._answers)

    def response(self, method: str, path: str) -> Response | None:
        """Return the answer to a request; None if there is none. The latest wins."""
        fitting = [one for one in self.all() if (one.method, one.path) == (method, path)]
        if not fitting:
            return None
        answer = Response() if fitting[-1].json is None else jsonify(fitting[-1].json)
        answer.status_code = fitting[-1].status
        return answer


def missing(method: str, path: str) -> WebexError:
    """Return the error for a path that the sandbox does not have, and log it."""
    how = "" if method == "GET" else f", method={method!r}"
    text = f"the sandbox does not have {path}; give it an answer with Sandbox.answer({path!r}{how}, json=...)"
    text += ", under answers in the state file, or by PUT /sandbox/answers"
    logger.warning("%s", text)
    return WebexError(501, text)
