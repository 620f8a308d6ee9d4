"""Webhooks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal
from urllib.parse import parse_qsl

from pydantic import Field

from ...model.clock import iso
from ...model.errors import WebexError
from ...model.ids import bare_uuid, encode, new_uuid
from ...model.people import Person
from ...notifications.webhooks import RESOURCES, Webhook
from ...services import services
from ..auth import administrator, caller, valid_token
from ..request_bodies import Body
from ..resource import Query, Resource, Scopes
from ..response_json import Json

READ_SCOPES = {"attachmentActions": "spark:messages_read"}
#: resources of Webex that never happen here
ELSEWHERE = {
    "dataSources",
    "meetings",
    "recordings",
    "convergedRecordings",
    "meetingParticipants",
    "meetingTranscripts",
    "telephony_calls",
    "telephony_conference",
    "telephony_mwi",
    "uc_counters",
    "serviceApp",
    "adminBatchJobs",
}


class NewWebhook(Body):
    """The body of POST."""

    name: str = Field(min_length=1)
    target_url: str = Field(pattern="^https?://")
    resource: str
    event: str
    filter: str = ""
    secret: str = ""
    owned_by: Literal["org", "creator"] = "creator"


class ChangedWebhook(Body):
    """The body of PUT; other fields are ignored."""

    name: str = Field(min_length=1)
    target_url: str = Field(pattern="^https?://")
    secret: str | None = None
    status: str | None = None


def _shape(webhook: Webhook, viewer: Person) -> Json:
    fields = {
        "id": webhook.id,
        "name": webhook.name,
        "targetUrl": webhook.target_url,
        "resource": webhook.resource,
        "event": webhook.event,
        "filter": webhook.filter,
        "secret": webhook.secret,
        "appId": webhook.app_id,
        "status": webhook.status,
        "created": iso(webhook.created),
        "ownedBy": webhook.owned_by,
    }
    return {key: value for key, value in fields.items() if value}


def _seen(person: Person, query: Query) -> Iterable[Webhook]:
    wanted = query.get("ownedBy") or "creator"
    if wanted == "org":
        administrator(person)
        return [one for one in services().webhooks.all() if one.owned_by == "org"]
    return [one for one in services().webhooks.all() if one.owner is person]


def _find(key: str, person: Person) -> Webhook:
    uuid = bare_uuid("WEBHOOK", key)
    for one in services().webhooks.all():
        if one.uuid == uuid and (one.owner is person or (one.owned_by == "org" and person.is_admin)):
            return one
    raise WebexError(404, "Could not find a webhook with provided ID.")


def _create(person: Person, body: NewWebhook) -> Webhook:
    _check(body)
    if body.resource in RESOURCES:
        caller(READ_SCOPES.get(body.resource, f"spark:{body.resource}_read"))
    if body.owned_by == "org":
        administrator(person)
    grant = valid_token().grant
    application = grant.client_id if grant else person.uuid if person.is_bot else ""
    webhook = Webhook(
        new_uuid(),
        body.name,
        body.target_url,
        body.resource,
        body.event,
        body.filter,
        body.secret,
        person,
        encode("APPLICATION", application) if application else "",
        body.owned_by,
        services().cloud.clock.now_utc(),
    )
    services().webhooks.add(webhook)
    return webhook


def _check(body: NewWebhook) -> None:
    if body.resource in ELSEWHERE:
        return
    if body.resource != "all" and body.resource not in RESOURCES:
        raise WebexError(400, f"Webhooks do not know the resource {body.resource}.")
    events, filters = RESOURCES.get(body.resource, RESOURCES["messages"])
    if body.event not in {*events, "all"}:
        raise WebexError(400, f"The resource {body.resource} does not have the event {body.event}.")
    unknown = {key for key, _ in parse_qsl(body.filter)} - filters
    if unknown or (body.filter and not parse_qsl(body.filter)):
        raise WebexError(400, f"The resource {body.resource} does not have the filter {body.filter}.")


def _update(person: Person, webhook: Webhook, body: ChangedWebhook) -> Webhook:
    if body.status not in (None, "active", webhook.status):
        raise WebexError(400, "A webhook can be activated, but not deactivated.")
    webhook.name, webhook.target_url = body.name, body.target_url
    webhook.secret = webhook.secret if body.secret is None else body.secret
    if body.status == "active":
        webhook.is_active = True
        webhook.failures.clear()
    return webhook


WEBHOOKS = Resource[Webhook](
    path="/webhooks",
    scopes=Scopes((), ()),
    shape=_shape,
    find=_find,
    seen=_seen,
    new=NewWebhook,
    create=_create,
    change=ChangedWebhook,
    update=_update,
    delete=lambda person, webhook: services().webhooks.remove(webhook),
)
