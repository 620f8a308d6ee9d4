"""Long lists, read by the real clients' own paging loops."""

from __future__ import annotations

import pytest
from api_client import call, sdk, wxc
from sandbox_world import World

COUNT = 300


def test_300_messages(world: World) -> None:
    said = [world.cloud.say(world.alice, world.direct, str(number)).text for number in range(COUNT)]
    expected = said[::-1]
    assert [one.text for one in sdk(world.alice).messages.list(world.direct.id, max=70)] == expected
    assert [one.text for one in wxc(world.alice).messages.list(room_id=world.direct.id)] == expected


def test_300_people_rooms_and_memberships(world: World) -> None:
    boss = world.cloud.add_person("Boss", admin=True)
    crowd = [world.cloud.add_person(f"Person {number:03}") for number in range(COUNT)]
    for person in crowd:
        world.cloud.direct(person, world.bot)
    room = world.cloud.group("Crowd", [world.alice, *crowd])
    assert [one.display_name for one in wxc(boss).people.list(display_name="person")] == [
        one.display_name for one in crowd
    ]
    assert len(list(sdk(boss).people.list(max=99))) == COUNT + 4
    assert len(list(wxc(world.bot).rooms.list(type_="direct"))) == COUNT + 1
    assert len(list(sdk(world.bot).rooms.list(sortBy="created", max=7))) == COUNT + 2
    members = {one.personId for one in sdk(world.alice).memberships.list(roomId=room.id, max=50)}
    assert members == {one.id for one in room.people}
    assert len(list(wxc(world.alice).membership.list(room_id=room.id))) == COUNT + 1


def test_what_is_deleted_or_added_while_paging_moves_nothing(world: World) -> None:
    hooks = sdk(world.bot).webhooks
    names = [f"hook {number}" for number in range(7)]
    for name in names:
        hooks.create(name, "http://127.0.0.1:9/", "messages", "created")
    seen = []
    for hook in hooks.list(max=2):
        seen.append(hook.name)
        hooks.delete(hook.id)
        if hook.name == "hook 1":
            hooks.create("late", "http://127.0.0.1:9/", "messages", "created")
    assert seen == [*names, "late"]


def test_rooms_are_sorted(world: World) -> None:
    later = world.cloud.group("Later", [world.alice])
    world.cloud.pass_time(10)
    world.cloud.say(world.alice, world.direct, "news")
    api = sdk(world.alice)
    assert next(one.id for one in api.rooms.list(sortBy="lastactivity")) == world.direct.id
    assert next(one.id for one in api.rooms.list(sortBy="created", max=1)) == later.id
    by_id = [one.id for one in api.rooms.list(sortBy="id", max=2)]
    assert by_id == sorted(by_id)
    assert call(world.cloud, world.alice, "GET /rooms", params={"sortBy": "title"}).status_code == 400


@pytest.mark.parametrize("wrong", ["0", "1001", "ten", "-1", "1.5"])
def test_max_is_between_1_and_1000(world: World, wrong: str) -> None:
    answer = call(world.cloud, world.alice, "GET /rooms", params={"max": wrong})
    assert (answer.status_code, answer.json()["message"]) == (400, "max must be between 1 and 1000.")


def test_max_is_at_most_100_with_mentioned_people(world: World) -> None:
    query = {"roomId": world.team.id, "mentionedPeople": "me", "max": 101}
    assert call(world.cloud, world.bot, "GET /messages", params=query).status_code == 400


def test_a_cursor_that_was_not_given_out_is_refused(world: World) -> None:
    for cursor in ("nonsense", "WyJ4Il0=", "bnVsbA=="):
        answer = call(world.cloud, world.alice, "GET /rooms", params={"cursor": cursor})
        assert answer.status_code == 400, cursor
