"""Tracking IDs, rate limits, and what is answered where the sandbox has nothing of its own."""

from __future__ import annotations

import json
import logging
import subprocess

import pytest
import requests
from api_client import call
from sandbox_world import World
from support.documented import ROOT, blocks

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


def test_a_running_sandbox_is_given_answers_over_http(world: World) -> None:
    def ask(method: str, query: str = "", **given: object) -> requests.Response:
        return requests.request(method, f"{world.cloud.url}/sandbox/answers{query}", timeout=30, **given)

    calls = {"path": "/v1/telephony/calls", "method": "GET", "status": 200, "json": {"items": []}}
    hung_up = {"path": "/v1/telephony/calls", "method": "DELETE", "status": 204, "json": None}
    assert ask("PUT", json={"path": "telephony/calls/", "json": {"items": [1]}}).status_code == 200
    assert ask("PUT", json={"path": "/v1/telephony/calls", "json": {"items": []}}).json() == {
        "answers": [calls]
    }
    ask("PUT", json={"path": "/telephony/calls", "method": "delete", "status": 204})
    assert ask("GET").json() == {"answers": [calls, hung_up]}
    assert call(world.cloud, world.alice, "GET /telephony/calls").json() == {"items": []}
    assert call(world.cloud, world.alice, "DELETE /telephony/calls").status_code == 204
    assert ask("DELETE", "?path=telephony/calls&method=get").json() == {"answers": [hung_up]}
    assert call(world.cloud, world.alice, "GET /telephony/calls").status_code == 501
    assert ask("DELETE", "?path=/v1/telephony/calls&method=GET").status_code == 404
    assert ask("DELETE").json() == {"answers": []}


@pytest.mark.parametrize(
    ("wrong", "status", "says"),
    [
        ({}, 400, "Invalid path: Field required."),
        ({"path": "/"}, 400, "Invalid path: a path such as /v1/telephony/calls"),
        ({"path": "https://webexapis.com/v1/meetings"}, 400, "Invalid path: a path such as"),
        ({"path": "/v1/meetings?max=1"}, 400, "without a query"),
        ({"path": "/v1/meetings", "method": "FETCH"}, 400, "Invalid method: one of GET, POST"),
        ({"path": "/v1/meetings", "status": 99}, 400, "Invalid status"),
        ({"path": "/v1/meetings", "body": {}}, 400, "Invalid body"),
        ({"path": "/v1/people/me"}, 409, "The sandbox answers GET /v1/people/me itself."),
        ([], 415, "A JSON object is needed, with Content-Type: application/json."),
    ],
)
def test_an_answer_that_would_never_be_given_is_refused(
    world: World, wrong: object, status: int, says: str
) -> None:
    answer = requests.put(f"{world.cloud.url}/sandbox/answers", json=wrong, timeout=30)
    assert answer.status_code == status
    assert says in answer.json()["message"]
    assert requests.get(f"{world.cloud.url}/sandbox/answers", timeout=30).json() == {"answers": []}


@pytest.mark.servers
def test_the_commands_of_the_documentation_give_and_take_back_an_answer(world: World) -> None:
    heading = "As a server"
    (block,) = [one for one in blocks("docs/sandbox/sandbox.md", "sh") if one.elsewhere]
    shown = (ROOT / block.page).read_text(encoding="utf-8").partition(f"## {heading}\n")[2]
    assert block.text in shown
    script = block.text.replace("http://127.0.0.1:8910", world.cloud.url).replace(
        "curl ", "curl --silent --fail "
    )
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True)
    dial = {"path": "/v1/telephony/calls/dial", "method": "POST", "status": 201, "json": {"callId": "a"}}
    assert [json.loads(line)["answers"] for line in done.stdout.splitlines()] == [[dial], [dial], []]
