"""Who may do what: moderators, members, bots, administrators; and the scopes of tokens."""

from __future__ import annotations

from typing import Any

import pytest
from api_client import call, items, refusal, sdk
from sandbox_world import World

from webex_bot_auth.sandbox import Person


def status(world: World, person: Person, operation: str, **options: Any) -> int:
    """Return the status of an answer."""
    return call(world.cloud, person, operation, **options).status_code


@pytest.fixture
def locked(world: World) -> dict[str, Any]:
    """Return the JSON of a group that Alice has made and locked, and that Bob is in."""
    room = call(world.cloud, world.alice, "POST /rooms", json={"title": "Locked", "isLocked": True}).json()
    sdk(world.alice).memberships.create(room["id"], personId=world.bob.id)
    return room


def test_only_moderators_manage_a_locked_room(world: World, locked: dict[str, Any]) -> None:
    path = f"PUT /rooms/{locked['id']}"
    add = {"roomId": locked["id"], "personId": world.bot.id}
    assert status(world, world.bob, path, json={"title": "Mine"}) == 403
    assert status(world, world.bob, "POST /memberships", json=add) == 403
    assert status(world, world.alice, "POST /memberships", json=add) == 200
    assert status(world, world.alice, path, json={"title": "Ours", "isLocked": False}) == 200
    assert status(world, world.bob, path, json={"title": "Mine"}) == 200


def test_only_moderators_post_in_an_announcement_room(world: World, locked: dict[str, Any]) -> None:
    settings = {"title": "News", "isAnnouncementOnly": True}
    assert status(world, world.alice, f"PUT /rooms/{locked['id']}", json=settings) == 200
    message = {"roomId": locked["id"], "text": "hear, hear"}
    assert status(world, world.bob, "POST /messages", json=message) == 403
    assert status(world, world.alice, "POST /messages", json=message) == 200
    assert status(world, world.alice, "POST /rooms", json=settings) == 400


def test_a_moderator_deletes_the_messages_of_others(world: World, locked: dict[str, Any]) -> None:
    first, second = (sdk(world.bob).messages.create(locked["id"], text=text).id for text in ("one", "two"))
    assert status(world, world.alice, f"DELETE /messages/{first}") == 204
    mine = sdk(world.alice).messages.create(locked["id"], text="mine").id
    assert status(world, world.bob, f"DELETE /messages/{mine}") == 403
    assert status(world, world.bob, f"DELETE /messages/{second}") == 204


def test_who_is_no_moderator_leaves_instead_of_deleting(world: World, locked: dict[str, Any]) -> None:
    assert status(world, world.bob, f"DELETE /rooms/{locked['id']}") == 204
    assert status(world, world.bob, f"GET /rooms/{locked['id']}") == 404
    assert status(world, world.alice, f"GET /rooms/{locked['id']}") == 200
    assert status(world, world.alice, f"DELETE /rooms/{locked['id']}") == 204
    assert status(world, world.alice, f"GET /rooms/{locked['id']}") == 404


def test_a_one_to_one_room_stays_as_it_is(world: World) -> None:
    room, mine = world.direct.id, items(world.cloud, world.alice, "/memberships", roomId=world.direct.id)[0]
    add = {"roomId": room, "personId": world.bob.id}
    assert status(world, world.alice, f"PUT /rooms/{room}", json={"title": "x"}) == 400
    assert status(world, world.alice, f"DELETE /rooms/{room}") == 400
    assert status(world, world.alice, "POST /memberships", json=add) == 403
    assert status(world, world.alice, f"DELETE /memberships/{mine['id']}") == 403


def test_a_person_is_added_once_and_may_leave(world: World) -> None:
    carol = world.cloud.add_person("Carol Clark", email="Carol@Example.com")
    add = {"roomId": world.team.id, "personEmail": "CAROL@example.COM"}
    made = call(world.cloud, world.bot, "POST /memberships", json=add).json()
    assert made["personEmail"] == "carol@example.com"
    assert status(world, world.bot, "POST /memberships", json=add) == 409
    assert status(world, carol, f"DELETE /memberships/{made['id']}") == 204
    assert status(world, carol, f"GET /rooms/{world.team.id}") == 404


def test_memberships_of_a_person_need_a_room_but_not_for_administrators(world: World) -> None:
    boss, query = world.cloud.add_person("Boss", admin=True), {"personEmail": world.bob.email.upper()}
    assert status(world, world.alice, "GET /memberships", params=query) == 400
    assert [one["roomId"] for one in items(world.cloud, boss, "/memberships", **query)] == [world.team.id]
    for key in (world.bob.id, world.bob.id + "==", world.bob.uuid):
        found = items(world.cloud, world.alice, "/memberships", roomId=world.team.id, personId=key)
        assert [one["personId"] for one in found] == [world.bob.id]


def test_a_team_is_its_moderators(world: World) -> None:
    team = sdk(world.alice).teams.create("Squad")
    member = {"teamId": team.id, "personId": world.bob.id}
    assert status(world, world.bob, f"GET /teams/{team.id}") == 404
    mate = call(world.cloud, world.alice, "POST /team/memberships", json=member).json()
    assert status(world, world.bob, f"PUT /teams/{team.id}", json={"name": "Mine"}) == 403
    assert status(world, world.bob, f"DELETE /teams/{team.id}") == 403
    (mine, _) = items(world.cloud, world.alice, "/team/memberships", teamId=team.id)
    assert status(world, world.alice, f"DELETE /team/memberships/{mine['id']}") == 403
    (general,) = items(world.cloud, world.bob, "/rooms", teamId=team.id)
    assert general["title"] == "Squad"
    assert status(world, world.alice, f"DELETE /team/memberships/{mate['id']}") == 204
    assert items(world.cloud, world.bob, "/rooms", teamId=team.id) == []


def test_administrators_list_and_manage_people(world: World) -> None:
    boss = world.cloud.add_person("Boss", admin=True)
    body = {"emails": ["New.One@example.com"], "firstName": "New", "department": "Tests", "roles": ["r1"]}
    assert status(world, world.alice, "POST /people", json=body) == 403
    made = call(world.cloud, boss, "POST /people", json=body).json()
    assert (made["emails"], made["department"], made["roles"]) == (["new.one@example.com"], "Tests", ["r1"])
    assert status(world, boss, "POST /people", json=body) == 409
    assert status(world, boss, "POST /people", json={"emails": ["x@example.com"]}) == 400
    assert len(items(world.cloud, boss, "/people")) == 5
    assert [one["id"] for one in items(world.cloud, boss, "/people", roles="r1,r2")] == [made["id"]]
    (seen,) = items(world.cloud, world.alice, "/people", email="NEW.one@example.com")
    assert (seen["id"], "roles" in seen) == (made["id"], False)
    assert status(world, world.alice, "GET /people") == 400
    assert status(world, boss, f"DELETE /people/{made['id']}") == 204
    assert status(world, boss, f"GET /people/{made['id']}") == 404


def test_ids_that_are_not_found_are_listed(world: World) -> None:
    query = {"id": f"{world.alice.id},{world.bob.id}==,nonsense"}
    answer = call(world.cloud, world.bot, "GET /people", params=query).json()
    assert [one["id"] for one in answer["items"]] == [world.alice.id, world.bob.id]
    assert answer["notFoundIds"] == ["nonsense"]


def test_who_is_removed_is_locked_out(world: World) -> None:
    boss = world.cloud.add_person("Boss", admin=True)
    assert status(world, boss, f"DELETE /people/{world.bob.id}") == 204
    assert status(world, world.bob, "GET /people/me") == 401
    assert world.bob not in world.team.people


@pytest.mark.parametrize(
    ("operation", "scope"),
    [
        ("GET /rooms", "spark:rooms_read"),
        ("POST /rooms", "spark:rooms_write"),
        ("GET /teams", "spark:teams_read"),
        ("POST /memberships", "spark:memberships_write"),
        ("GET /events", "spark-compliance:events_read"),
        ("POST /people", "spark-admin:people_write"),
        ("GET /licenses", "spark-admin:licenses_read"),
    ],
)
def test_each_operation_needs_its_scope(world: World, operation: str, scope: str) -> None:
    boss = world.cloud.add_person("Boss", admin=True)
    for granted, expected in (("spark:kms", 403), (scope, None)):
        flow = world.cloud.integration(scopes=granted)
        answer = world.cloud.log_in(flow.auth_url(state="x"), boss, stop_before_redirect=True)
        tokens = flow.tokens_from_code(code=answer.partition("code=")[2].partition("&")[0])
        headers = {"Authorization": f"Bearer {tokens.access_token}"}
        answered = call(world.cloud, boss, operation, headers=headers, json={})
        found = answered.status_code
        assert found == expected or (expected is None and found in (200, 400)), granted
        if expected:
            assert f"it needs {scope}" in answered.json()["message"]


def test_a_webhook_needs_the_scope_to_read_its_resource(world: World) -> None:
    assert refusal(lambda: sdk(world.bot).webhooks.create("x", "ftp://x", "messages", "created"))[0] == 400
    assert refusal(lambda: sdk(world.bot).webhooks.create("x", "http://x", "letters", "created"))[0] == 400
    assert refusal(lambda: sdk(world.bot).webhooks.create("x", "http://x", "rooms", "started"))[0] == 400
    body = {"name": "x", "targetUrl": "http://x", "resource": "rooms", "event": "all", "ownedBy": "org"}
    assert status(world, world.alice, "POST /webhooks", json=body) == 403
