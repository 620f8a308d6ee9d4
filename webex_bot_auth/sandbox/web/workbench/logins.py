"""Who has granted what to whom, and until when."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from ...model.clock import Clock, iso
from ...model.errors import WebexError
from ...oauth.tokens import AccessToken, Grant
from ...services import services
from ..bodies import body

blueprint = Blueprint("workbench_logins", __name__, url_prefix="/workbench/logins")


@blueprint.get("")
def logins() -> Response:
    """Return all logins, the latest first, each with its refresh token and its access tokens."""
    return jsonify(
        logins=[_row(grant) for grant in reversed(services().tokens.grants())],
        now=iso(services().cloud.clock.now_utc()),
    )


def _row(grant: Grant) -> dict[str, Any]:
    client = services().integrations.find(grant.client_id)
    access = services().tokens.access_tokens(grant)
    return {
        "id": grant.id,
        "person": grant.person.display_name,
        "integration": client.name if client else grant.client_id,
        "scopes": list(grant.scopes),
        "granted": iso(Clock.to_utc(grant.created)),
        "tokens": [
            {"kind": "refresh token", **_token(grant)},
            *({"kind": "access token", **_token(token)} for token in reversed(access)),
        ],
    }


def _token(held: Grant | AccessToken) -> dict[str, Any]:
    expires_at = held.expires_at
    is_revoked = held.revoked or (
        isinstance(held, AccessToken) and held.grant is not None and held.grant.revoked
    )
    is_expired = expires_at is not None and services().cloud.clock.now() >= expires_at
    return {
        "id": held.id,
        "expires": iso(Clock.to_utc(expires_at)) if expires_at is not None else "",
        "state": "revoked" if is_revoked else "expired" if is_expired else "valid",
    }


@blueprint.post("/<any(expire, revoke):action>")
def end(action: str) -> Response:
    """Let a token expire now, or revoke it; a refresh token that is revoked ends its access tokens."""
    held = services().tokens.authorization(str(body().get("id")))
    if held is None:
        raise WebexError(404, "There is no such token.")
    if action == "revoke":
        held.revoked = True
    else:
        held.expires_at = services().cloud.clock.now()
    services().cloud.feed.touch("logins")
    return logins()
