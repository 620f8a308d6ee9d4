"""Tracking IDs, rate limits, and what is answered where the sandbox has nothing of its own."""

from __future__ import annotations

import logging

import pytest
from api_client import call
from sandbox_world import World

TELEPHONY = "/v1/telephony/config/locations"


def test_every_answer_has_a_tracking_id_which_errors_repeat(world: World) -> None:
    fine = call(world.cloud, world.alice, "GET /people/me")
    assert fine.headers["TrackingID"]
    mine = call(world.cloud, world.alice, "GET /rooms/x", headers={"TrackingID": "MINE_1"})
    assert (mine.headers["TrackingID"], mine.json()["trackingId"]) == ("MINE_1", "MINE_1")
    refused = call(world.cloud, world.alice, "GET /people/me", headers={"Authorization": "Bearer x"})
    assert refused.headers["TrackingID"] == refused.json()["trackingId"]
    with world.cloud.faults.rest(status=503):
        faulty = call(world.cloud, world.alice, "GET /people/me")
    assert faulty.headers["TrackingID"] == faulty.json()["trackingId"]


def test_a_rate_that_is_exceeded_is_429_until_retry_after(world: World) -> None:
    with world.cloud.faults.rest("/v1/people", rate=(2, 60)) as fault:
        statuses = [call(world.cloud, world.alice, "GET /people/me").status_code for _ in range(3)]
        limited = call(world.cloud, world.alice, "GET /people/me")
        assert statuses == [200, 200, 429]
        assert 1 <= int(limited.headers["Retry-After"]) <= 60
        assert call(world.cloud, world.bob, "GET /people/me").status_code == 200
        assert call(world.cloud, world.alice, "GET /rooms").status_code == 200
        world.cloud.pass_time(int(limited.headers["Retry-After"]))
        assert call(world.cloud, world.alice, "GET /people/me").status_code == 200
    assert fault.seen == 2
    assert call(world.cloud, world.alice, "GET /people/me").status_code == 200


def test_what_the_sandbox_does_not_have_says_so(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "webex_bot_auth.sandbox"):
        answer = call(world.cloud, world.alice, "GET /telephony/config/locations")
    says = f"the sandbox does not have {TELEPHONY}; give it an answer with Sandbox.answer("
    assert answer.status_code == 501
    assert answer.json()["message"].startswith(says)
    assert says in caplog.text
    assert world.cloud.calls.to(TELEPHONY)[0].status == 501


def test_it_answers_what_it_is_given_until_the_block_ends(world: World) -> None:
    path, asked = "GET /telephony/config/locations", {"locations": [{"name": "HQ"}]}
    with world.cloud.answer(TELEPHONY, json=asked):
        assert call(world.cloud, world.alice, path).json() == asked
        assert call(world.cloud, world.alice, path, headers={"Authorization": ""}).status_code == 401
        assert call(world.cloud, world.alice, "POST /telephony/config/locations").status_code == 501
        with world.cloud.answer(TELEPHONY, json={"locations": []}):
            assert call(world.cloud, world.alice, path).json() == {"locations": []}
        assert call(world.cloud, world.alice, path).json() == asked
    assert call(world.cloud, world.alice, path).status_code == 501


def test_a_given_answer_has_a_method_and_a_status(world: World) -> None:
    with world.cloud.answer("/v1/meetings", method="post", status=202):
        answer = call(world.cloud, world.alice, "POST /meetings", json={})
        assert (answer.status_code, answer.content) == (202, b"")


def test_a_given_answer_does_not_replace_what_the_sandbox_has(world: World) -> None:
    with world.cloud.answer("/v1/people/me", json={"id": "x"}):
        assert call(world.cloud, world.alice, "GET /people/me").json()["id"] == world.alice.id
    with world.cloud.answer("/v1/rooms", method="PATCH", json={"ok": True}):
        assert call(world.cloud, world.alice, "PATCH /rooms").json() == {"ok": True}
