"""Webhooks are delivered, signed and filtered; what fails is tried again, and disabled in the end."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator

import pytest
from api_client import call, card, sdk
from receiver import Receiver, receiving
from sandbox_world import World

from webex_bot_auth.sandbox import Delivery


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run a server that receives webhooks."""
    with receiving() as running:
        yield running


def test_a_bot_hears_of_messages_that_mention_it_signed_with_its_secret(
    world: World, receiver: Receiver
) -> None:
    hook = sdk(world.bot).webhooks.create("mine", receiver.url, "messages", "created", secret="sesame")
    world.cloud.say(world.alice, world.team, "not for bots")
    said = world.cloud.say(world.alice, world.team, "hello", to=world.bot)
    headers, body = receiver.next_raw()
    assert headers["X-Spark-Signature"] == hmac.new(b"sesame", body, hashlib.sha1).hexdigest()
    assert headers["Content-Type"] == "application/json"
    world.cloud.say(world.alice, world.direct, "next")
    event = receiver.next()
    assert event["data"]["roomType"] == "direct"  # nothing came of the first message
    assert {key: event[key] for key in ("id", "name", "resource", "event", "actorId", "status")} == {
        "id": hook.id,
        "name": "mine",
        "resource": "messages",
        "event": "created",
        "actorId": world.alice.id,
        "status": "active",
    }
    assert said.id.encode() in body
    assert b"hello" not in body  # at Webex, it is encrypted: bots look it up


def test_edits_deletions_joining_leaving_and_cards_are_reported(world: World, receiver: Receiver) -> None:
    sdk(world.bot).webhooks.create("all", receiver.url, "all", "all")  # it does not report cards
    sdk(world.bot).webhooks.create("cards", receiver.url, "attachmentActions", "created")
    made = sdk(world.bot).messages.create(world.team.id, markdown="x")
    sdk(world.bot).messages.update(made.id, world.team.id, text="y")
    sdk(world.bot).messages.delete(made.id)
    carol = world.cloud.add_person("Carol Clark")
    joined = sdk(world.bot).memberships.create(world.team.id, personId=carol.id)
    sdk(world.bot).memberships.update(joined.id, isModerator=True)
    sdk(world.bot).memberships.delete(joined.id)
    sdk(world.bot).rooms.update(world.team.id, "Renamed")
    asked = sdk(world.bot).messages.create(world.direct.id, text="card", attachments=[card()])
    sdk(world.alice).attachment_actions.create("submit", asked.id, {"a": "1"})
    seen = [receiver.next() for _ in range(9)]
    reported = [(one["resource"], one["event"]) for one in seen if one["name"] == "all"]
    assert reported == [
        ("messages", "created"),
        ("messages", "updated"),
        ("messages", "deleted"),
        ("memberships", "created"),
        ("memberships", "updated"),
        ("memberships", "deleted"),
        ("rooms", "updated"),
        ("messages", "created"),
    ]
    (pressed,) = (one for one in seen if one["name"] == "cards")  # each webhook is delivered by itself
    assert (pressed["resource"], pressed["event"]) == ("attachmentActions", "created")
    assert "inputs" not in pressed["data"]


@pytest.mark.parametrize(
    "written",
    ["roomId={room}", "roomType=direct", "personEmail=ALICE.adams@example.com", "personId={alice}=="],
)
def test_filters_let_through_what_fits(world: World, receiver: Receiver, written: str) -> None:
    known = {"room": world.direct.id, "alice": world.alice.id}
    sdk(world.bot).webhooks.create("x", receiver.url, "messages", "created", filter=written.format(**known))
    world.cloud.say(world.bob, world.team, "other", to=world.bot)
    said = world.cloud.say(world.alice, world.direct, "fits")
    assert receiver.next()["data"]["id"] == said.id


def test_an_unknown_filter_is_refused(world: World) -> None:
    hook = {"name": "x", "targetUrl": "http://127.0.0.1:9/", "resource": "messages", "event": "created"}
    for wrong in ("colour=red", "roomId"):
        answer = call(world.cloud, world.bot, "POST /webhooks", json={**hook, "filter": wrong})
        assert answer.status_code == 400


def test_a_delivery_that_fails_is_tried_again(world: World, receiver: Receiver) -> None:
    world.cloud.webhooks.retry_delays = (0, 0)
    receiver.statuses = [503, 302]
    finished, ended = [], threading.Event()

    def on_delivery(delivery: Delivery) -> None:
        finished[:] = delivery.results
        if delivery.is_delivered:
            ended.set()

    world.cloud.on_delivery(on_delivery)
    sdk(world.bot).webhooks.create("x", receiver.url, "messages", "created")
    said = world.cloud.say(world.alice, world.direct, "hi")
    assert [receiver.next()["data"]["id"] for _ in range(3)] == [said.id] * 3
    assert ended.wait(30)
    assert finished == [503, 302, 200]


def test_a_target_that_does_not_answer_in_time_is_a_failure(world: World) -> None:
    world.cloud.webhooks.timeout, world.cloud.webhooks.retry_delays = 0.05, ()
    results, failed = [], threading.Event()

    def on_delivery(delivery: Delivery) -> None:
        results[:] = delivery.results
        if results:
            failed.set()

    world.cloud.on_delivery(on_delivery)
    with world.cloud.faults.rest("/v1/hang", hang=True):
        sdk(world.bot).webhooks.create("x", f"{world.cloud.url}/v1/hang", "messages", "created")
        world.cloud.say(world.alice, world.direct, "hi")
        assert failed.wait(30)
    assert results == ["ReadTimeout"]


def test_too_many_failures_disable_a_webhook_until_it_is_activated(world: World, receiver: Receiver) -> None:
    world.cloud.webhooks.retry_delays, world.cloud.webhooks.max_failures = (), 3
    receiver.statuses = [500] * 3
    hooks = sdk(world.bot).webhooks
    hook = hooks.create("x", receiver.url, "messages", "created")
    attempts = threading.Semaphore(0)
    world.cloud.on_delivery(lambda delivery: attempts.release() if delivery.results else None)
    world.cloud.say(world.alice, world.direct, "long ago")
    assert attempts.acquire(timeout=30)
    world.cloud.pass_time(301)  # this failure is too old to count
    for number in range(2):
        world.cloud.say(world.alice, world.direct, str(number))
        assert attempts.acquire(timeout=30)
    assert hooks.get(hook.id).status == "active"
    receiver.statuses = [500]
    world.cloud.say(world.alice, world.direct, "once more")
    assert attempts.acquire(timeout=30)
    assert hooks.get(hook.id).status == "inactive"
    world.cloud.say(world.alice, world.direct, "unheard")
    assert hooks.update(hook.id, name="x", targetUrl=receiver.url, status="active").status == "active"
    said = world.cloud.say(world.alice, world.direct, "heard")
    assert [receiver.next()["data"]["id"] for _ in range(5)][-1] == said.id
