"""Messages: whom they mention, their HTML, editing them, and finding them."""

from __future__ import annotations

import time
from datetime import timedelta, timezone

import pytest
from api_client import call, items, refusal, sdk, wxc
from sandbox_world import World


def test_a_mention_counts_in_a_one_to_one_too(world: World) -> None:
    markdown = f"hi <@personEmail:{world.alice.email}|Al>, look"
    made = sdk(world.bot).messages.create(roomId=world.direct.id, markdown=markdown)
    assert (made.text, made.mentionedPeople) == ("hi Al, look", [world.alice.id])


def test_an_edit_has_its_own_mentions(world: World) -> None:
    api = sdk(world.alice)
    made = api.messages.create(roomId=world.team.id, markdown="hi there")
    assert refusal(lambda: sdk(world.bot).messages.get(made.id))[0] == 404
    edited = api.messages.update(made.id, world.team.id, markdown=f"hi <@personId:{world.bot.id}>")
    assert (edited.text, edited.mentionedPeople) == ("hi Echo Bot", [world.bot.id])
    assert sdk(world.bot).messages.get(made.id).text == "hi Echo Bot"


def test_a_group_message_reaches_who_was_picked_wherever_the_name_stands(world: World) -> None:
    last = world.cloud.say(world.alice, world.team, "are you there, @Echo Bot?")
    only_named = world.cloud.say(world.alice, world.team, "Echo Bot is a bot")
    to = world.cloud.say(world.alice, world.team, "Bob says hi, @Bob Brown", to=world.bot)
    assert (last.text, last.mentioned) == ("are you there, Echo Bot?", (world.bot,))
    assert only_named.mentioned == ()
    assert (to.text, to.mentioned) == ("Echo Bot Bob says hi, @Bob Brown", (world.bot,))
    listed = sdk(world.bot).messages.list(world.team.id, mentionedPeople="me")
    assert [one.id for one in listed] == [to.id, last.id]


def test_of_two_bots_with_one_name_the_picked_one_is_reached(world: World) -> None:
    twin = world.cloud.add_bot("Echo Bot")
    room = world.cloud.group("Twins", [world.alice, world.bot, twin])
    assert world.cloud.say(world.alice, room, "hi", to=world.bot).mentioned == (world.bot,)
    assert world.cloud.say(world.alice, room, "hi", to=twin).mentioned == (twin,)


def test_all_are_mentioned_as_a_group_which_reaches_no_bot(world: World) -> None:
    made = call(
        world.cloud, world.alice, "POST /messages", json={"roomId": world.team.id, "markdown": "<@all> lunch"}
    ).json()
    assert (made["text"], made["mentionedGroups"]) == ("All lunch", ["all"])
    assert "mentionedPeople" not in made
    assert refusal(lambda: sdk(world.bot).messages.get(made["id"]))[0] == 404


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("**bold** and _less_", "<p><strong>bold</strong> and <em>less</em></p>"),
        ("one\ntwo", "<p>one<br/>\ntwo</p>"),
        ("- a\n  - b", "<ul>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>"),
        ("`a < b`", "<p><code>a &lt; b</code></p>"),
        ("[x](https://example.com/?a=1&b=2)", '<p><a href="https://example.com/?a=1&amp;b=2">x</a></p>'),
        ("<script>alert(1)</script>ok", "ok"),
        ('<a href="javascript:alert(1)" onclick="x()">x</a>', "<p><a>x</a></p>"),
        ("<blockquote class=info>note</blockquote>", '<blockquote class="info">note</blockquote>'),
    ],
)
def test_html_is_made_from_markdown(world: World, markdown: str, html: str) -> None:
    made = sdk(world.bot).messages.create(roomId=world.direct.id, markdown=markdown)
    assert sdk(world.alice).messages.get(made.id).html == html


def test_a_mention_is_marked_in_html(world: World) -> None:
    made = world.cloud.say(world.alice, world.team, "1 < 2, @Echo Bot")
    mark = (
        f'<spark-mention data-object-type="person" data-object-id="{world.bot.id}">Echo Bot</spark-mention>'
    )
    assert sdk(world.bot).messages.get(made.id).html == f"<p>1 &lt; 2, {mark}</p>"


def test_who_it_was_sent_to_comes_back(world: World) -> None:
    api = sdk(world.bot)
    assert api.messages.create(toPersonId=world.bob.id, text="x").toPersonId == world.bob.id
    assert api.messages.create(toPersonEmail=world.bob.email, text="x").toPersonEmail == world.bob.email


def test_every_way_leads_to_the_one_direct_room(world: World) -> None:
    to = [
        (world.alice, {"toPersonId": world.bot.id}),
        (world.alice, {"toPersonId": world.bot.id + "=="}),
        (world.alice, {"toPersonId": world.bot.uuid}),
        (world.alice, {"toPersonEmail": world.bot.email.title()}),
        (world.bot, {"toPersonEmail": world.alice.email.upper()}),
    ]
    made = [call(world.cloud, who, "POST /messages", json={"text": "x", **how}).json() for who, how in to]
    assert {one["roomId"] for one in made} == {world.direct.id}
    assert len(items(world.cloud, world.alice, "/rooms", type="direct")) == 1


def test_ten_edits_of_ones_own_message_in_its_room_are_allowed(world: World) -> None:
    api = sdk(world.bot)
    made = api.messages.create(roomId=world.direct.id, text="0")
    for number in range(10):
        made = api.messages.update(made.id, world.direct.id, text=str(number + 1))
    assert refusal(lambda: api.messages.update(made.id, world.direct.id, text="11")) == (
        400,
        "The edit limit of 10 edits has been reached.",
    )
    assert api.messages.get(made.id).text == "10"


def test_what_cannot_be_edited(world: World) -> None:
    made = sdk(world.bot).messages.create(roomId=world.team.id, markdown="hi")
    path = f"PUT /messages/{made.id}"
    refused = {
        "no room": (world.bot, {"text": "x"}, 400),
        "another room": (world.bot, {"roomId": world.direct.id, "text": "x"}, 400),
        "nothing": (world.bot, {"roomId": world.team.id}, 400),
        "html": (world.bot, {"roomId": world.team.id, "text": "x", "html": "x"}, 400),
        "files": (world.bot, {"roomId": world.team.id, "text": "x", "files": ["https://example.com/"]}, 400),
        "another's": (world.alice, {"roomId": world.team.id, "text": "x"}, 403),
    }
    for why, (person, body, status) in refused.items():
        assert call(world.cloud, person, path, json=body).status_code == status, why
    assert sdk(world.bot).messages.get(made.id).text == "hi"


def test_before_takes_any_time_zone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")  # a time without a zone is in UTC, wherever the sandbox runs
    time.tzset()
    first = world.cloud.say(world.alice, world.direct, "first")
    world.cloud.pass_time(10)
    second = world.cloud.say(world.alice, world.direct, "second")
    east = second.created.astimezone(timezone(timedelta(hours=14)))
    west = second.created.astimezone(timezone(timedelta(hours=-11)))
    plain = second.created.replace(tzinfo=None)
    for moment in (east.isoformat(), west.isoformat(), plain.isoformat(), f"{plain.isoformat()}Z"):
        found = items(world.cloud, world.alice, "/messages", roomId=world.direct.id, before=moment)
        assert [one["id"] for one in found] == [first.id], moment
    monkeypatch.undo()
    time.tzset()
    wrong = {"roomId": world.direct.id, "before": "yesterday"}
    assert call(world.cloud, world.alice, "GET /messages", params=wrong).status_code == 400


def test_messages_before_a_message_and_of_a_thread(world: World) -> None:
    made = [world.cloud.say(world.alice, world.direct, str(number)) for number in range(4)]
    reply = world.cloud.say(world.alice, world.direct, "reply", parent=made[0])
    listed = wxc(world.alice).messages.list(room_id=world.direct.id, before_message=made[2].id)
    assert [one.id for one in listed] == [made[1].id, made[0].id]
    thread = items(world.cloud, world.alice, "/messages", roomId=world.direct.id, parentId=made[0].id + "=")
    assert [one["id"] for one in thread] == [reply.id]


def test_mentioned_people_are_the_caller_alone(world: World) -> None:
    made = world.cloud.say(world.alice, world.team, "hello", to=world.bot)
    for who in ("me", world.bot.id, world.bot.id + "=", world.bot.uuid):
        found = items(world.cloud, world.bot, "/messages", roomId=world.team.id, mentionedPeople=who)
        assert [one["id"] for one in found] == [made.id]
    others = {"roomId": world.team.id, "mentionedPeople": world.alice.id}
    assert call(world.cloud, world.bot, "GET /messages", params=others).status_code == 400


def test_a_direct_room_is_not_made_by_reading_it(world: World) -> None:
    path, query = "GET /messages/direct", {"personEmail": world.bob.email}
    assert call(world.cloud, world.alice, path, params=query).status_code == 404
    assert items(world.cloud, world.bob, "/rooms", type="direct") == []
