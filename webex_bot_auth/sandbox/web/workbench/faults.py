"""Faults to switch on and off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify

from ...http.faults import Fault
from ...model.errors import WebexError
from ...services import services
from ..bodies import body

blueprint = Blueprint("workbench_faults", __name__, url_prefix="/workbench/faults")
#: kinds whose value is a number; the others are either on or off
NUMBERS: dict[str, Callable[[Any], Any]] = {
    "status": int,
    "refuse": int,
    "slow": float,
    "rate": lambda calls: (int(calls), 60),  # calls of each person or bot, in seconds
}


@blueprint.get("")
def faults() -> Response:
    """Return the faults that are switched on."""
    return jsonify(faults=[_row(fault) for fault in services().faults.active()])


def _row(fault: Fault) -> dict[str, Any]:
    return {
        "id": str(id(fault)),
        "where": fault.where,
        "kind": fault.kind,
        "value": fault.rate or fault.status or fault.seconds or None,
        "limit": fault.grant or f"{fault.method} {fault.path}".strip(),
        "times": fault.times,
        "seen": fault.seen,
    }


@blueprint.post("")
def switch_on() -> Response:
    """Switch a fault on, as with the methods of ``Sandbox.faults``."""
    fields, switches = body(), services().faults
    kind = str(fields.get("kind"))
    try:
        value = NUMBERS.get(kind, bool)(fields.get("value") or 1)
        times = int(fields["times"]) if fields.get("times") else None
        options: dict[str, Any] = {kind: value, "times": times}
        if kind == "status" and fields.get("retryAfter"):
            options["retry_after"] = int(fields["retryAfter"])
        if fields.get("where") == "token":
            switches.token(grant=fields.get("grant") or None, **options)
        elif fields.get("where") == "rest":
            switches.rest(
                str(fields.get("path") or "/v1/"), method=str(fields.get("method") or ""), **options
            )
        else:
            switches.websocket(**options)
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise WebexError(400, "There is no such fault, or its number is none.") from error
    return faults()


@blueprint.post("/clear")
def switch_off() -> Response:
    """Switch one fault off, or all without ``id``."""
    key = body().get("id")
    for fault in services().faults.active():
        if key in (None, str(id(fault))):
            fault.clear()
    return faults()
