"""The REST API with which an admin sees and revokes the tokens of integrations."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from ..model.clock import iso
from ..model.errors import WebexError
from ..model.people import Person
from ..oauth.tokens import AccessToken, Grant
from ..services import services
from .auth import caller
from .response_json import Json

blueprint = Blueprint("rest_authorizations", __name__, url_prefix="/v1/authorizations")


def _admin(scope: str) -> Person:
    person = caller(scope)
    if not person.is_admin:
        raise WebexError(403)
    return person


@blueprint.get("")
def list_authorizations() -> Response:
    """Return the tokens that integrations hold for one person."""
    _admin("identity:tokens_read")
    key = request.args.get("personId") or request.args.get("personEmail")
    if not key:
        raise WebexError(400, "personId or personEmail is needed.")
    held = services().tokens.authorizations(services().cloud.person(key))
    return jsonify(items=[_authorization_json(one) for one in held])


@blueprint.delete("/<authorization_id>")
def delete_authorization(authorization_id: str) -> Response:
    """Revoke one access token, or a refresh token with its access tokens."""
    _admin("identity:tokens_write")
    held = [one for one in services().tokens.authorizations() if one.id == authorization_id]
    if not held:
        raise WebexError(404)
    held[0].revoked = True
    return Response(status=204)


@blueprint.delete("")
def delete_own_authorizations() -> Response:
    """Revoke the tokens that one integration holds for the caller."""
    person, client_id = _admin("identity:tokens_write"), request.args.get("clientId")
    for one in services().tokens.authorizations(person):
        if isinstance(one, Grant) and one.client_id == client_id:
            one.revoked = True
    return Response(status=204)


def _authorization_json(one: Grant | AccessToken) -> Json:
    grant = one if isinstance(one, Grant) else one.grant
    client_id = grant.client_id if grant else ""
    registration = services().integrations.find(client_id)
    return {
        "id": one.id,
        "applicationId": client_id,
        "applicationName": registration.name if registration else "",
        "personId": one.person.id,
        "clientId": client_id,
        "created": iso(services().cloud.clock.to_utc(one.created)),
        "type": "refresh" if isinstance(one, Grant) else "access",
    }
