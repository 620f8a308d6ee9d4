"""Webhooks; what is delivered cannot be checked without a public address."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..results import Outcome
from ..webex import Caller, Json, Webex, answered, body

TARGET = "https://webex-bot-auth.invalid/"  # a name that never resolves (RFC 6761)


def _webhook(webex: Webex, **changed: str) -> Json:
    known = {"name": "check", "targetUrl": TARGET, "resource": "messages", "event": "created"}
    return {**known, "filter": f"roomId={webex.room}", "secret": "check", **changed}


@contextmanager
def _made(webex: Webex, caller: Caller) -> Iterator[Json]:
    made = body(caller.call("POST", "/webhooks", json=_webhook(webex)))
    try:
        yield made
    finally:
        caller.call("DELETE", f"/webhooks/{made['id']}")


def app_id(webex: Webex) -> bool:
    """A webhook names in `appId` the integration or the bot that made it."""
    with _made(webex, webex.person) as made, _made(webex, webex.bot) as other:
        return bool(made.get("appId") and other.get("appId"))


def switched_off(webex: Webex) -> Outcome:
    """A PUT with the status `inactive` is refused with 400."""
    with _made(webex, webex.bot) as made:
        changed: dict[str, Any] = {"name": "check", "targetUrl": TARGET, "status": "inactive"}
        return answered(webex.bot.call("PUT", f"/webhooks/{made['id']}", json=changed), 400)
