"""All operations that Webex documents for messaging answer with the documented status and fields."""

from __future__ import annotations

import re
from typing import Any

from api_client import call, card
from sandbox_world import World

#: for each kind of thing: the fields that it always has, and those that it may have
FIELDS = {
    "person": (
        "id emails displayName orgId created type",
        "phoneNumbers extension locationId nickName firstName lastName avatar roles licenses department "
        "manager managerId title addresses lastModified timezone lastActivity siteUrls sipAddresses status "
        "xmppFederationJid invitePending loginEnabled",
    ),
    "room": (
        "id title type isLocked lastActivity creatorId created",
        "teamId ownerId classificationId isAnnouncementOnly isReadOnly isPublic madePublic description",
    ),
    "meeting": (
        "roomId meetingLink sipAddress meetingNumber callInTollFreeNumber callInTollNumber",
        "meetingId",
    ),
    "membership": (
        "id roomId personId personEmail personDisplayName personOrgId isModerator isMonitor roomType created",
        "isRoomHidden",
    ),
    "message": (
        "id roomId roomType personId personEmail created",
        "parentId toPersonId toPersonEmail text markdown html files attachments mentionedPeople "
        "mentionedGroups updated isVoiceClip",
    ),
    "action": ("id type messageId inputs personId roomId created", ""),
    "webhook": ("id name targetUrl resource event status created", "filter secret ownedBy"),
    "team": ("id name created", "description"),
    "team membership": (
        "id teamId personId personEmail personDisplayName personOrgId isModerator created",
        "",
    ),
    "tab": ("id roomId roomType displayName contentUrl creatorId created", ""),
    "event": ("id resource type actorId orgId created data", "appId"),
}
CARD = {"attachments": [card()]}
SUBMIT = {"type": "submit", "inputs": {}}
HOOK = {"name": "hook", "targetUrl": "http://127.0.0.1:9/", "resource": "messages", "event": "created"}
#: who calls, the operation, what it returns (in [] for a list, None for 204), the body or the query;
#: {name} is the ID of what an earlier row has returned under that name
WALK: list[tuple[str, str, str | None, dict[str, Any]]] = [
    ("alice", "GET /people/me", "person", {}),
    ("alice", "GET /people", "[person]", {"email": "alice.adams@example.com"}),
    ("alice", "GET /people/{alice}", "person", {}),
    ("boss", "POST /people", "person new", {"emails": ["n@example.com"], "displayName": "New"}),
    ("boss", "PUT /people/{new}", "person", {"emails": ["n@example.com"], "displayName": "Newer"}),
    ("boss", "DELETE /people/{new}", None, {}),
    ("alice", "POST /rooms", "room room", {"title": "Project"}),
    ("alice", "GET /rooms", "[room]", {"type": "group", "sortBy": "lastactivity", "max": 10}),
    ("alice", "GET /rooms/{room}", "room", {}),
    ("alice", "PUT /rooms/{room}", "room", {"title": "Project renamed"}),
    ("alice", "GET /rooms/{room}/meetingInfo", "meeting", {}),
    ("alice", "POST /memberships", "membership member", {"roomId": "{room}", "personId": "{bob}"}),
    ("alice", "GET /memberships", "[membership]", {"roomId": "{room}"}),
    ("alice", "GET /memberships/{member}", "membership", {}),
    ("alice", "PUT /memberships/{member}", "membership", {"isModerator": True, "isRoomHidden": False}),
    ("alice", "POST /messages", "message message", {"roomId": "{room}", "markdown": "**hello**"}),
    ("alice", "GET /messages", "[message]", {"roomId": "{room}", "max": 5}),
    ("alice", "GET /messages/{message}", "message", {}),
    ("alice", "PUT /messages/{message}", "message", {"roomId": "{room}", "text": "changed"}),
    ("alice", "POST /messages", "message", {"toPersonId": "{bob}", "text": "hi"}),
    ("alice", "GET /messages/direct", "[message]", {"personId": "{bob}"}),
    (
        "bot",
        "POST /messages",
        "message card",
        {"toPersonId": "{alice}", "text": "card", "attachments": [card()]},
    ),
    (
        "alice",
        "POST /attachment/actions",
        "action action",
        {"type": "submit", "messageId": "{card}", "inputs": {}},
    ),
    ("bot", "GET /attachment/actions/{action}", "action", {}),
    ("alice", "POST /webhooks", "webhook hook", HOOK),
    ("alice", "GET /webhooks", "[webhook]", {}),
    ("alice", "GET /webhooks/{hook}", "webhook", {}),
    ("alice", "PUT /webhooks/{hook}", "webhook", {"name": "hook 2", "targetUrl": "http://127.0.0.1:9/"}),
    ("alice", "DELETE /webhooks/{hook}", None, {}),
    ("alice", "POST /teams", "team team", {"name": "Build Squad"}),
    ("alice", "GET /teams", "[team]", {}),
    ("alice", "GET /teams/{team}", "team", {}),
    ("alice", "PUT /teams/{team}", "team", {"name": "Builders"}),
    ("alice", "POST /team/memberships", "team membership mate", {"teamId": "{team}", "personId": "{bob}"}),
    ("alice", "GET /team/memberships", "[team membership]", {"teamId": "{team}"}),
    ("alice", "GET /team/memberships/{mate}", "team membership", {}),
    ("alice", "PUT /team/memberships/{mate}", "team membership", {"isModerator": True}),
    ("alice", "DELETE /team/memberships/{mate}", None, {}),
    ("alice", "DELETE /teams/{team}", None, {}),
    (
        "alice",
        "POST /room/tabs",
        "tab tab",
        {"roomId": "{room}", "contentUrl": "https://example.com/", "displayName": "Tab"},
    ),
    ("alice", "GET /room/tabs", "[tab]", {"roomId": "{room}"}),
    ("alice", "GET /room/tabs/{tab}", "tab", {}),
    (
        "alice",
        "PUT /room/tabs/{tab}",
        "tab",
        {"roomId": "{room}", "contentUrl": "https://example.com/2", "displayName": "Tab 2"},
    ),
    ("alice", "DELETE /room/tabs/{tab}", None, {}),
    ("boss", "GET /events", "[event] event", {"resource": "messages"}),
    ("boss", "GET /events/{event}", "event", {}),
    ("alice", "DELETE /messages/{message}", None, {}),
    ("alice", "DELETE /memberships/{member}", None, {}),
    ("alice", "DELETE /rooms/{room}", None, {}),
]


def check_fields(kind: str, thing: dict[str, Any]) -> None:
    """Fail if a field is missing, or is not documented."""
    always, sometimes = (set(names.split()) for names in FIELDS[kind])
    assert always <= set(thing) <= always | sometimes, kind


def test_all_47_operations_answer_as_documented(world: World) -> None:
    boss = world.cloud.add_person("Boss", admin=True)
    people = {"alice": world.alice, "bob": world.bob, "bot": world.bot, "boss": boss}
    known = {name: person.id for name, person in people.items()}
    for who, operation, returns, given in WALK:
        given = {key: known.get(str(value)[1:-1], value) for key, value in given.items()}
        where = "params" if operation.startswith("GET") else "json"
        answer = call(world.cloud, people[who], operation.format(**known), **{where: given})
        assert answer.status_code == (200 if returns else 204), (operation, answer.text)
        if returns:
            kind, name = re.fullmatch(r"\[?(team membership|\w+)]? ?(\w*)", returns).groups()
            things = answer.json()["items"] if returns.startswith("[") else [answer.json()]
            assert things, operation
            for thing in things:
                check_fields(kind, thing)
            if name:
                known[name] = things[0]["id"]
    assert len({operation for _, operation, _, _ in WALK}) == 47


def test_an_operation_that_webex_does_not_have_is_405(world: World) -> None:
    for operation in ("PUT /rooms", "DELETE /webhooks", "PATCH /messages", "POST /events"):
        assert call(world.cloud, world.alice, operation, json={}).status_code == 405


def test_an_administrator_lists_organizations_roles_and_licenses(world: World) -> None:
    boss = world.cloud.add_person("Boss", admin=True)
    for path in ("/organizations", "/roles", "/licenses"):
        (first, *_) = call(world.cloud, boss, f"GET {path}").json()["items"]
        assert call(world.cloud, boss, f"GET {path}/{first['id']}").json() == first
        assert call(world.cloud, world.alice, f"GET {path}").status_code == 403
