"""The answers Webex gives when it refuses."""

from __future__ import annotations

from .ids import new_uuid

MESSAGES = {
    401: "The request requires a valid access token set in the Authorization request header.",
    403: (
        "The server understood the request, but refused to fulfill it because the access token is missing "
        "required scopes or the user is missing required roles or licenses."
    ),
    404: "The requested resource could not be found.",
    405: "Method not allowed.",
    415: "Unsupported media type.",
}


class WebexError(Exception):
    """A refusal: an HTTP status and the message that goes with it."""

    def __init__(self, status: int, message: str = "") -> None:
        self.status = status
        self.message = message or MESSAGES.get(status, "Something went wrong.")
        super().__init__(f"{status}: {self.message}")


def as_json(message: str) -> dict[str, object]:
    """Return the body of a refusal, in the shape that Webex's REST API uses."""
    return {
        "message": message,
        "errors": [{"description": message}],
        "trackingId": f"SANDBOX_{new_uuid()}",
    }


class NoSuchMessageError(TimeoutError):
    """Nobody said what a test was waiting for; the text lists what was said instead."""
