"""Errors of the token endpoints, in the two formats that Webex uses."""

from __future__ import annotations

from flask import Response, jsonify

from ..model.errors import as_json
from ..services import services, tracking_id


class OAuthError(Exception):
    """A request to a token endpoint that is refused.

    Args:
        code: The error code of RFC 6749.
        description: What it means here.
        status: The HTTP status.
    """

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        self.code = code
        self.description = description
        self.status = status
        super().__init__(f"{code}: {description}")

    def response(self) -> Response:
        """Return the error in the format that ``OAuthSettings.error_shape`` names."""
        if services().settings.error_shape == "rfc6749":
            answer = jsonify(error=self.code, error_description=self.description)
        else:
            answer = jsonify(as_json(f"{self.code}: {self.description}", tracking_id()))
        answer.status_code = self.status
        return answer
