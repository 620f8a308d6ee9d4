"""Refusals of the token endpoints, in the two shapes that Webex uses."""

from __future__ import annotations

from flask import Response, jsonify

from .errors import as_json
from .services import services


class OAuthError(Exception):
    """A refusal: RFC 6749's error code, what it means here, and the HTTP status."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        self.code = code
        self.description = description
        self.status = status
        super().__init__(f"{code}: {description}")

    def response(self) -> Response:
        """Return it in the shape that the settings say."""
        if services().settings.error_shape == "rfc6749":
            answer = jsonify(error=self.code, error_description=self.description)
        else:
            answer = jsonify(as_json(f"{self.code}: {self.description}"))
        answer.status_code = self.status
        return answer
