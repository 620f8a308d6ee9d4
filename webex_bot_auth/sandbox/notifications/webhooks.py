"""Webhooks: who has registered which, and which fit what happens."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from ..model import ids
from ..model.activities import Activity
from ..model.people import Person
from ..rest.response_json import Json

#: for each resource that the sandbox reports, its events and the filters that it knows
RESOURCES: dict[str, tuple[set[str], set[str]]] = {
    "messages": (
        {"created", "updated", "deleted"},
        {"roomId", "roomType", "personId", "personEmail", "mentionedPeople", "hasFiles", "parentId"},
    ),
    "memberships": (
        {"created", "updated", "deleted"},
        {"roomId", "personId", "personEmail", "isModerator", "roomType"},
    ),
    "rooms": ({"created", "updated", "deleted"}, {"type", "isLocked"}),
    "attachmentActions": ({"created"}, {"roomId", "personId", "messageId"}),
}
#: what a webhook for ``all`` reports. Its lack of attachmentActions is not confirmed by a page of Webex:
#: webex-node-bot-framework says so, and registers a second webhook for them
FIREHOSE = RESOURCES.keys() - {"attachmentActions"}


@dataclass(eq=False)
class Webhook:
    """A webhook.

    Attributes:
        uuid: Its UUID.
        name: Its name.
        target_url: The address that is called.
        resource: What it reports on; ``all`` for every resource.
        event: Which events it reports; ``all`` for every event.
        filter: Which of these it reports, for example ``roomId=...&personEmail=...``; empty for all.
        secret: The key of the signature; empty for no signature.
        owner: Who has registered it, and whose events it reports.
        app_id: The integration or bot with whose token it was registered; empty for a person's own token.
        owned_by: ``creator``, or ``org`` if it reports the events of the whole organization.
        created: When it was registered.
        is_active: False once it has failed too often.
        failures: When it failed, in seconds since 1970.
        number: Its place in lists.
    """

    uuid: str
    name: str
    target_url: str
    resource: str
    event: str
    filter: str
    secret: str = field(repr=False)
    owner: Person
    app_id: str
    owned_by: str
    created: datetime
    is_active: bool = True
    failures: deque[float] = field(default_factory=deque, repr=False)
    number: int = field(default_factory=ids.next_number, repr=False)

    @property
    def id(self) -> str:
        """The ID in the REST API."""
        return ids.encode("WEBHOOK", self.uuid)

    @property
    def status(self) -> str:
        """The status in the REST API: ``active`` or ``inactive``."""
        return "active" if self.is_active else "inactive"

    def reports(self, activity: Activity, data: Json) -> bool:
        """Return True if it reports what happened; ``data`` is that of the event."""
        return (
            self.is_active
            and (
                self.resource == activity.resource
                or (self.resource == "all" and activity.resource in FIREHOSE)
            )
            and self.event in ("all", activity.event)
            and (self.owned_by == "org" or self.owner in activity.audience)
            and all(self._fits(key, value, data) for key, value in parse_qsl(self.filter))
        )

    def _fits(self, key: str, value: str, data: Json) -> bool:
        if key == "hasFiles":
            return bool(data.get("files")) == (value == "true")
        if key == "mentionedPeople":
            wanted = self.owner.id if value == "me" else value
            return any(ids.same(wanted, one) for one in data.get("mentionedPeople", ()))
        found = data.get(key)
        return _as_text(found) == value.lower() or (key.endswith("Id") and ids.same(str(found), value))


def _as_text(value: Any) -> str:
    return str(value).lower()


class Webhooks:
    """All webhooks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._webhooks: dict[str, Webhook] = {}

    def add(self, webhook: Webhook) -> None:
        """Add a webhook."""
        with self._lock:
            self._webhooks[webhook.uuid] = webhook

    def remove(self, webhook: Webhook) -> None:
        """Remove a webhook."""
        with self._lock:
            self._webhooks.pop(webhook.uuid, None)

    def all(self) -> list[Webhook]:
        """Return all webhooks, oldest first."""
        with self._lock:
            return list(self._webhooks.values())
