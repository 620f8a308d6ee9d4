"""Every way for a login to end, with the status and the page that it ends with."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from .redirect_page import Scene


def done(scene: Scene, folder: Path) -> TestResponse:
    return scene.open(scene.query_after_login())


def refused(scene: Scene, folder: Path) -> TestResponse:
    return scene.open(scene.query_after_login(deny=True))


def refused_without_state(scene: Scene, folder: Path) -> TestResponse:
    return scene.open("error=access_denied")


def wrong_person(scene: Scene, folder: Path) -> TestResponse:
    return scene.open(scene.query_after_login(by=scene.bob))


def unknown(scene: Scene, folder: Path) -> TestResponse:
    return scene.open("state=unknown&code=c")


def expired(scene: Scene, folder: Path) -> TestResponse:
    scene.serve_new_manager(flow_lifetime=timedelta(milliseconds=1))
    return scene.open(scene.query_after_login())


def used(scene: Scene, folder: Path) -> TestResponse:
    query = scene.query_after_login(deny=True)
    assert scene.open(query).status_code == 403
    return scene.open(query)


def done_before(scene: Scene, folder: Path) -> TestResponse:
    query = scene.query_after_login()
    assert scene.open(query).status_code == 200
    return scene.open(query)


def malformed(scene: Scene, folder: Path) -> TestResponse:
    return scene.open("state=s&state=s&code=c")


def bad_code(scene: Scene, folder: Path) -> TestResponse:
    state = scene.state_after_login()
    return scene.open(urlencode({"state": state, "code": "bad"}))


def passing_fault(scene: Scene, folder: Path) -> TestResponse:
    with scene.cloud.faults.token(status=503):
        return scene.open(scene.query_after_login())


def passing_fault_at_webex(scene: Scene, folder: Path) -> TestResponse:
    state = scene.state_after_login()
    return scene.open(urlencode({"state": state, "error": "server_error"}))


def not_set_up(scene: Scene, folder: Path) -> TestResponse:
    scene.manager.integration.client_secret = "wrong"
    return scene.open(scene.query_after_login())


def scope_not_registered(scene: Scene, folder: Path) -> TestResponse:
    state = scene.state_after_login()
    return scene.open(urlencode({"state": state, "error": "invalid_scope"}))


def store_down(scene: Scene, folder: Path) -> TestResponse:
    query = scene.query_after_login()
    scene.break_store(folder)
    return scene.open(query)


def wrong_method(scene: Scene, folder: Path) -> TestResponse:
    return scene.open(scene.query_after_login(), method="POST")


def head(scene: Scene, folder: Path) -> TestResponse:
    return scene.open(scene.query_after_login(), method="HEAD")


#: status, and the name of the page in ``Texts`` without its ``page_``; a HEAD request gets no page
ENDINGS = {
    done: (200, "done"),
    refused: (403, "refused"),
    refused_without_state: (403, "refused"),
    wrong_person: (403, "wrong_person"),
    unknown: (410, "no_such_flow"),
    expired: (410, "no_such_flow"),
    used: (410, "used"),
    done_before: (200, "done_before"),
    malformed: (400, "malformed"),
    bad_code: (503, "try_again"),
    passing_fault: (503, "try_again"),
    passing_fault_at_webex: (503, "try_again"),
    not_set_up: (502, "not_set_up"),
    scope_not_registered: (502, "not_set_up"),
    store_down: (503, "store_down"),
    wrong_method: (405, "wrong_method"),
    head: (200, ""),
}

every_ending = pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.__name__)
