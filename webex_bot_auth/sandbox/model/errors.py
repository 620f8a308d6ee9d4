"""Errors of the REST API, in the words of Webex."""

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
    429: "Too many requests. Wait for as many seconds as Retry-After says.",
}


class WebexError(Exception):
    """A request that is refused.

    Args:
        status: The HTTP status.
        message: What is wrong; empty for Webex's usual text for this status.

    Attributes:
        status: The HTTP status.
        message: What is wrong.
    """

    def __init__(self, status: int, message: str = "") -> None:
        self.status = status
        self.message = message or MESSAGES.get(status, "Something went wrong.")
        super().__init__(f"{status}: {self.message}")


def new_tracking_id() -> str:
    """Return a new ID of a request, which its answer repeats."""
    return f"SANDBOX_{new_uuid()}"


def as_json(message: str, tracking_id: str) -> dict[str, object]:
    """Return the JSON object with which Webex's REST API reports an error."""
    return {"message": message, "errors": [{"description": message}], "trackingId": tracking_id}


class NoSuchMessageError(TimeoutError):
    """No message fitted what a test was waiting for; the text lists the messages that came instead."""
