"""Webex's two forms of an ID: a bare UUID, and base64 of ``ciscospark://us/KIND/uuid``."""

from __future__ import annotations

import base64
import binascii
import itertools
import secrets
import uuid

PREFIX = "ciscospark://us/"
_numbers = itertools.count(1)


def new_uuid() -> str:
    """Return a random UUID."""
    return str(uuid.uuid4())


def next_number() -> int:
    """Return a number that is higher than all before: the order in which things are listed."""
    return next(_numbers)


def encode(kind: str, bare: str) -> str:
    """Return the ID of the REST API, without padding, for example ``encode("PEOPLE", uuid)``."""
    return base64.urlsafe_b64encode(f"{PREFIX}{kind}/{bare}".encode()).decode().rstrip("=")


def bare_uuid(kind: str, either: str) -> str:
    """Return the bare UUID of an ID in either form, padded or not; empty if it is none of this kind."""
    if len(either) == 36:
        return either
    address = _decoded(either)
    start = f"{PREFIX}{kind}/"
    return address[len(start) :] if address.startswith(start) else ""


def same(one: str, other: str) -> bool:
    """Return True if two IDs, each in any form, name the same thing."""
    return _bare(one) == _bare(other)


def _bare(either: str) -> str:
    return _decoded(either)[len(PREFIX) :].partition("/")[2] or either


def _decoded(value: str) -> str:
    value = value.rstrip("=")
    try:
        address = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""
    return address if address.startswith(PREFIX) else ""


ORGANIZATION_UUID = "5a4db0c1-0000-4000-8000-5a4db0c1a55e"
ORGANIZATION = encode("ORGANIZATION", ORGANIZATION_UUID)


def new_token() -> str:
    """Return a new access or refresh token, in whose third part the JavaScript SDK reads the organization."""
    return f"{secrets.token_hex(32)}_PF84_{ORGANIZATION_UUID}"
