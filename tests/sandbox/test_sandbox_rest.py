"""The REST API, called with the real webexpythonsdk and wxc_sdk."""

from __future__ import annotations

import base64

import pytest
import requests
from sandbox_world import World
from webexpythonsdk import ApiError, WebexAPI
from wxc_sdk import WebexSimpleApi
from wxc_sdk.rest import RestError

from webex_bot_auth.sandbox import Person, WebexError

CARD = {
    "contentType": "application/vnd.microsoft.card.adaptive",
    "content": {"type": "AdaptiveCard", "version": "1.3"},
}


def sdk(person: Person) -> WebexAPI:
    """Return a client of webexpythonsdk."""
    return WebexAPI(access_token=person.token)


def wxc(person: Person) -> WebexSimpleApi:
    """Return a client of wxc_sdk."""
    return WebexSimpleApi(tokens=person.token)


def refusal(call) -> tuple[int, str]:
    """Return the status and message with which a call of webexpythonsdk is refused."""
    with pytest.raises(ApiError) as caught:
        call()
    assert caught.value.tracking_id
    return caught.value.status_code, caught.value.message


def test_ids_are_unpadded_base64_of_ciscospark_addresses(world: World) -> None:
    me = wxc(world.alice).people.me()
    assert "=" not in me.person_id
    assert base64.b64decode(me.person_id + "==").decode() == f"ciscospark://us/PEOPLE/{world.alice.uuid}"
    assert me.person_id_uuid == world.alice.uuid


def test_people_are_found_by_id_and_email(world: World) -> None:
    api = sdk(world.bot)
    assert api.people.me().type == "bot"
    assert api.people.get(world.bob.id).displayName == "Bob Brown"
    assert [one.id for one in api.people.list(email="alice.adams@example.com")] == [world.alice.id]
    assert list(wxc(world.alice).people.list(email="nobody@example.com")) == []
    assert refusal(lambda: api.people.get("nonsense"))[0] == 404


def test_rooms_are_those_that_the_caller_is_in(world: World) -> None:
    assert {(room.title, room.type) for room in wxc(world.alice).rooms.list()} == {
        ("Echo Bot", "direct"),
        ("Team", "group"),
    }
    assert [room.title for room in sdk(world.bob).rooms.list()] == ["Team"]
    assert refusal(lambda: sdk(world.bob).rooms.get(world.direct.id))[0] == 404


def test_memberships_by_room_and_email(world: World) -> None:
    api = sdk(world.bot)
    found = list(api.memberships.list(roomId=world.team.id, personEmail=world.bob.email))
    assert [one.personId for one in found] == [world.bob.id]
    assert len(list(wxc(world.alice).membership.list(room_id=world.team.id))) == 3


def test_a_message_goes_to_a_room_a_person_or_an_email_address(world: World) -> None:
    api = sdk(world.bot)
    to_room = api.messages.create(roomId=world.team.id, text="to the room")
    to_person = api.messages.create(toPersonId=world.bob.id, markdown="**to** the _person_")
    to_email = wxc(world.bot).messages.create(to_person_email=world.bob.email, text="to the address")
    assert to_room.roomType == "group"
    assert (to_person.roomType, to_person.text) == ("direct", "to the person")
    assert to_email.room_id == to_person.roomId


def test_a_thread_is_opened_by_bare_uuid_and_by_id(world: World) -> None:
    api, first = sdk(world.bot), world.cloud.say(world.alice, world.direct, "first")
    by_uuid = api.messages.create(roomId=world.direct.id, text="one", parentId=first.uuid)
    by_id = api.messages.create(roomId=world.direct.id, text="two", parentId=by_uuid.id)
    assert by_uuid.parentId == by_id.parentId == first.id
    listed = wxc(world.alice).messages.list(room_id=world.direct.id, parent_id=first.id)
    assert [one.text for one in listed] == ["two", "one"]


def test_a_parent_of_another_room_is_refused(world: World) -> None:
    other = world.cloud.say(world.alice, world.team, "elsewhere", to=world.bot)
    create = sdk(world.bot).messages.create
    assert refusal(lambda: create(roomId=world.direct.id, text="x", parentId=other.uuid))[0] == 400


@pytest.mark.parametrize("part", ["text", "markdown"])
def test_7439_bytes_are_the_limit(world: World, part: str) -> None:
    create = sdk(world.bot).messages.create
    assert create(roomId=world.direct.id, **{part: "é" * 3719}).id
    status, message = refusal(lambda: create(roomId=world.direct.id, **{part: "é" * 3720}))
    assert (status, "7439" in message) == (400, True)


def test_a_message_has_at_most_one_card_and_it_must_be_valid(world: World) -> None:
    create, room = sdk(world.bot).messages.create, world.direct.id
    made = create(roomId=room, text="card", attachments=[CARD])
    assert wxc(world.alice).messages.details(made.id).attachments[0].content.type == "AdaptiveCard"
    assert refusal(lambda: create(roomId=room, text="card", attachments=[CARD, CARD]))[0] == 400
    other = {**CARD, "contentType": "text/plain"}
    assert refusal(lambda: create(roomId=room, text="card", attachments=[other]))[0] == 400


def test_a_message_without_content_or_destination_is_refused(world: World) -> None:
    create = sdk(world.bot).messages.create
    assert refusal(lambda: create(roomId=world.direct.id))[0] == 400
    assert refusal(lambda: create(text="to nobody"))[0] == 400
    assert refusal(lambda: create(toPersonEmail="nobody@example.com", text="x"))[0] == 404


def test_only_the_author_may_edit_and_delete(world: World) -> None:
    made = sdk(world.bot).messages.create(roomId=world.direct.id, text="draft")
    edited = sdk(world.bot).messages.update(made.id, world.direct.id, text="final")
    assert edited.text == "final"
    assert refusal(lambda: sdk(world.alice).messages.delete(made.id))[0] == 403
    sdk(world.bot).messages.delete(made.id)
    assert refusal(lambda: sdk(world.bot).messages.get(made.id))[0] == 404
    assert world.cloud.messages(world.direct) == []


def test_a_bot_reads_of_a_group_only_what_mentions_it(world: World) -> None:
    secret = world.cloud.say(world.alice, world.team, "between us")
    open_ = world.cloud.say(world.alice, world.team, "hello", to=world.bot)
    api = sdk(world.bot)
    assert refusal(lambda: api.messages.get(secret.id))[0] == 404
    assert api.messages.get(open_.id).mentionedPeople == [world.bot.id]
    assert refusal(lambda: list(api.messages.list(world.team.id)))[0] == 403
    assert [one.id for one in api.messages.list(world.team.id, mentionedPeople="me")] == [open_.id]
    assert len(list(sdk(world.bob).messages.list(world.team.id))) == 2


def test_a_bot_mentions_a_person_in_markdown(world: World) -> None:
    markdown = f"look, <@personEmail:{world.bob.email}|Bob>"
    made = sdk(world.bot).messages.create(roomId=world.team.id, markdown=markdown)
    assert (made.text, made.mentionedPeople) == ("look, Bob", [world.bob.id])


def test_people_do_not_see_the_one_to_one_spaces_of_others(world: World) -> None:
    secret = world.cloud.say(world.alice, world.direct, "my secret")
    for call in (
        lambda: wxc(world.bob).messages.details(secret.id),
        lambda: list(wxc(world.bob).messages.list(room_id=world.direct.id)),
    ):
        with pytest.raises(RestError, match="404"):
            call()
    with pytest.raises(WebexError, match="404"):
        world.cloud.say(world.bob, world.direct, "let me in")


def test_long_lists_come_in_pages(world: World) -> None:
    for number in range(7):
        world.cloud.say(world.alice, world.direct, f"number {number}")
    expected = [f"number {number}" for number in reversed(range(7))]
    assert [one.text for one in sdk(world.alice).messages.list(world.direct.id, max=3)] == expected
    assert [one.text for one in wxc(world.alice).messages.list(room_id=world.direct.id, max=2)] == expected


def test_card_actions_are_made_and_read(world: World) -> None:
    card = sdk(world.bot).messages.create(roomId=world.direct.id, text="card", attachments=[CARD])
    made = sdk(world.alice).attachment_actions.create("submit", card.id, {"a": 1})
    read = sdk(world.bot).attachment_actions.get(made.id)
    assert (read.inputs, read.personId, read.messageId) == ({"a": 1}, world.alice.id, card.id)
    with pytest.raises(RestError, match="404"):
        wxc(world.bob).attachment_actions.details(made.id)


def test_no_token_and_an_unknown_one_are_401(world: World) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        answer = requests.get(f"{world.cloud.url}/v1/people/me", headers=headers, timeout=30)
        assert answer.status_code == 401
        assert set(answer.json()) == {"message", "errors", "trackingId"}


@pytest.mark.holds(73)
def test_other_hosts_and_other_origins_are_refused(world: World) -> None:
    url = f"{world.cloud.url}/chat/people"
    assert requests.get(url, headers={"Host": "evil.example"}, timeout=30).status_code == 403
    foreign = {"Origin": "https://evil.example"}
    assert requests.post(url, json={"name": "Eve"}, headers=foreign, timeout=30).status_code == 403
    assert requests.post(url, data="name=Eve", timeout=30).status_code == 415


def test_clients_are_restored(world: World) -> None:
    from webex_bot.websockets import webex_websocket_client as client
    from wxc_sdk.rest import RestSession

    assert f"{world.cloud.url}/v1" == RestSession.BASE
    before = client.DEFAULT_U2C_URL, client.ssl_context, WebexAPI.__init__.__defaults__, RestSession.BASE
    with world.cloud.clients():
        pass
    assert (
        client.DEFAULT_U2C_URL,
        client.ssl_context,
        WebexAPI.__init__.__defaults__,
        RestSession.BASE,
    ) == before


def test_calls_are_recorded_with_the_tokens_owner_and_the_status(world: World) -> None:
    world.cloud.calls.clear()
    wxc(world.alice).people.me()
    (call,) = world.cloud.calls
    assert (call.method, call.path, call.person, call.status) == ("GET", "/v1/people/me", world.alice, 200)
