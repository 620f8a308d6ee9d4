"""Webex's two forms of an ID: a bare UUID, and base64 of ``ciscospark://us/KIND/uuid``."""

from __future__ import annotations

import base64
import binascii
import uuid

PREFIX = "ciscospark://us/"


def new_uuid() -> str:
    """Return a random UUID."""
    return str(uuid.uuid4())


def encode(kind: str, bare: str) -> str:
    """Return the ID of the REST API, without padding, for example ``encode("PEOPLE", uuid)``."""
    return base64.urlsafe_b64encode(f"{PREFIX}{kind}/{bare}".encode()).decode().rstrip("=")


def bare_uuid(kind: str, either: str) -> str:
    """Return the bare UUID of an ID in either form; empty if it is not an ID of this kind."""
    if len(either) == 36:
        return either
    try:
        address = base64.urlsafe_b64decode(either + "=" * (-len(either) % 4)).decode()
    except (binascii.Error, UnicodeError):
        return ""
    start = f"{PREFIX}{kind}/"
    return address[len(start) :] if address.startswith(start) else ""


ORGANIZATION = encode("ORGANIZATION", "5a4db0c1-0000-4000-8000-5a4db0c1a55e")
