"""Events on the websocket, as webex_bot and the JavaScript SDK read them, and in the list of events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from api_client import call, items, sdk
from sandbox_world import World
from websockets.sync.client import ClientConnection, connect

from webex_bot_auth.sandbox import Person


class Listener:
    """A client of a person or bot that listens, as the JavaScript SDK does."""

    def __init__(self, world: World, person: Person) -> None:
        url = f"{world.cloud.url}/wdm/api/v1/devices"
        device = call(world.cloud, person, f"POST {url}", json={"name": "listener"}).json()
        self._address, self._token = device["webSocketUrl"], {"token": f"Bearer {person.token}"}
        self._socket: ClientConnection
        self.connect()

    def connect(self) -> None:
        """Connect, as the device that it is."""
        self._socket = connect(self._address)
        self._socket.send(json.dumps({"id": "1", "type": "authorization", "data": self._token}))
        first = json.loads(self._socket.recv(timeout=30))  # the JavaScript SDK waits for it
        assert first["data"]["eventType"] == "mercury.registration_status"

    def activity(self, *, acknowledge: bool = True) -> dict[str, Any]:
        """Wait for the next event and return its activity."""
        event = json.loads(self._socket.recv(timeout=30))
        if acknowledge:
            self._socket.send(json.dumps({"type": "ack", "messageId": event["id"]}))
        assert event["data"]["eventType"] == "conversation.activity"
        return event["data"]["activity"]

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


@pytest.fixture
def listener(world: World) -> Iterator[Listener]:
    """Listen as the bot."""
    listening = Listener(world, world.bot)
    yield listening
    listening.close()


def test_an_edit_is_a_post_whose_parent_is_the_message(world: World, listener: Listener) -> None:
    said = world.cloud.say(world.alice, world.direct, "befour")
    posted = listener.activity()
    sdk(world.alice).messages.update(said.id, world.direct.id, text="before")
    edited = listener.activity()
    assert (posted["verb"], posted["id"]) == ("post", said.uuid)
    assert (edited["verb"], edited["parent"]) == ("post", {"id": said.uuid, "type": "edit"})
    assert edited["id"] != said.uuid
    url = edited["target"]["url"].replace(
        f"conversations/{edited['target']['id']}", f"messages/{edited['id']}"
    )
    found = call(world.cloud, world.bot, f"GET {url}").json()
    assert (found["id"], found["text"]) == (said.id, "before")


def test_webex_bot_answers_an_edited_message_again(running: World) -> None:
    cloud = running.cloud
    said = cloud.say(running.alice, running.direct, "hi one")
    first = cloud.wait_for_message(running.direct, person=running.bot, after=said)
    sdk(running.alice).messages.update(said.id, running.direct.id, text="hi two")
    second = cloud.wait_for_message(running.direct, person=running.bot, after=first)
    assert (first.text[-4:], second.text[-4:]) == (" one", " two")


def test_a_deletion_names_the_message(world: World, listener: Listener) -> None:
    said = world.cloud.say(world.alice, world.direct, "oops")
    listener.activity()
    sdk(world.alice).messages.delete(said.id)
    deleted = listener.activity()
    assert (deleted["verb"], deleted["object"]["id"]) == ("delete", said.uuid)
    assert (deleted["actor"]["entryUUID"], deleted["target"]["id"]) == (world.alice.uuid, world.direct.uuid)


def test_joining_moderating_and_leaving_name_the_person(world: World, listener: Listener) -> None:
    carol = world.cloud.add_person("Carol Clark")
    joined = sdk(world.alice).memberships.create(world.team.id, personId=carol.id)
    sdk(world.alice).memberships.update(joined.id, isModerator=True)
    sdk(world.alice).memberships.update(joined.id, isModerator=False)
    sdk(carol).memberships.delete(joined.id)
    seen = [listener.activity() for _ in range(4)]
    assert [one["verb"] for one in seen] == ["add", "assignModerator", "unassignModerator", "leave"]
    assert {one["object"]["entryUUID"] for one in seen} == {carol.uuid}
    assert {one["object"]["emailAddress"] for one in seen} == {carol.email}
    assert [one["object"]["roomProperties"]["isModerator"] for one in seen] == [False, True, False, False]
    assert {one["target"]["id"] for one in seen} == {world.team.uuid}


def test_a_new_space_comes_with_its_people(world: World, listener: Listener) -> None:
    room = world.cloud.group("New", [world.alice, world.bot])
    made = listener.activity()
    assert (made["verb"], made["object"]["id"]) == ("create", room.uuid)
    people = [one["entryUUID"] for one in made["object"]["participants"]["items"]]
    assert people == [world.alice.uuid, world.bot.uuid]


def test_renaming_and_locking_a_space(world: World, listener: Listener) -> None:
    sdk(world.alice).rooms.update(world.team.id, "Renamed")
    call(world.cloud, world.alice, f"PUT /rooms/{world.team.id}", json={"title": "Renamed", "isLocked": True})
    call(
        world.cloud, world.alice, f"PUT /rooms/{world.team.id}", json={"title": "Renamed", "isLocked": False}
    )
    assert [listener.activity()["verb"] for _ in range(3)] == ["update", "lock", "unlock"]


def test_a_bot_does_not_hear_of_a_group_message_without_it(world: World, listener: Listener) -> None:
    said = sdk(world.alice).messages.create(world.team.id, text="between us")
    sdk(world.alice).messages.delete(said.id)
    to_bot = world.cloud.say(world.alice, world.team, "hello", to=world.bot)
    assert listener.activity()["id"] == to_bot.uuid


def test_what_webex_bot_does_not_handle_does_not_stop_it(running: World) -> None:
    cloud = running.cloud
    carol = cloud.add_person("Carol Clark")
    joined = sdk(running.alice).memberships.create(running.team.id, personId=carol.id)
    sdk(running.alice).memberships.delete(joined.id)
    sdk(running.alice).rooms.update(running.team.id, "Renamed")
    asked = cloud.say(running.alice, running.team, "hi", to=running.bot)
    assert cloud.wait_for_message(running.team, person=running.bot, after=asked).parent == asked


def test_only_messages_that_were_not_acknowledged_are_sent_again(world: World, listener: Listener) -> None:
    sdk(world.alice).rooms.update(world.team.id, "Renamed")  # no client acknowledges this
    missed = world.cloud.say(world.alice, world.direct, "hi")
    assert [listener.activity(acknowledge=False)["verb"] for _ in range(2)] == ["update", "post"]
    listener.close()
    listener.connect()
    assert listener.activity()["id"] == missed.uuid
    later = world.cloud.say(world.alice, world.direct, "hi again")
    assert listener.activity()["id"] == later.uuid


def test_the_list_of_events_is_for_administrators(world: World) -> None:
    boss = world.cloud.add_person("Boss", admin=True)
    said = world.cloud.say(world.alice, world.direct, "hello")
    world.cloud.pass_time(60)
    sdk(world.alice).messages.update(said.id, world.direct.id, text="hello again")
    assert call(world.cloud, world.alice, "GET /events").status_code == 403
    updated, created = items(world.cloud, boss, "/events", resource="messages", actorId=world.alice.id)
    assert (created["type"], created["data"]["text"]) == ("created", "hello")
    assert (updated["type"], updated["data"]["text"]) == ("updated", "hello again")
    until = items(
        world.cloud, boss, "/events", resource="messages", to=created["created"].replace("Z", "999Z")
    )
    assert [one["id"] for one in until] == [created["id"]]
    assert items(world.cloud, boss, "/events", type="deleted") == []
    assert call(world.cloud, boss, f"GET /events/{created['id']}").json() == created
