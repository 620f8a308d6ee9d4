"""The end of a login in the browser: every status and page, and what no answer may hold."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.redis_server import RedisServer, free_port
from werkzeug.test import TestResponse

from webex_bot_auth import RedisTokenManager, Texts, TokenManager, UserContext, YAMLTokenManager
from webex_bot_auth.chat.texts import PageText
from webex_bot_auth.errors import SettingError
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.user_context.models import Outcome
from webex_bot_auth.user_context.stored import StoredTokenManager

KEY = "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80="
MakeManager = Callable[..., TokenManager]
#: the backend makes no difference to these
one_backend = pytest.mark.parametrize("every_manager", ["yaml"], indirect=True)


@dataclass
class Scene:
    """A browser before the app of a bot, and whose logins it comes back from."""

    cloud: Sandbox
    make: MakeManager
    manager: TokenManager
    app: Flask
    alice: Person
    bob: Person

    def open(self, query: str, **request: Any) -> TestResponse:
        return self.app.test_client().open(f"/redirect?{query}", **request)

    def way_back(
        self, manager: TokenManager | None = None, *, by: Person | None = None, deny: bool = False
    ) -> str:
        """The query that Webex sends the browser back with, at the end of Alice's login."""
        url = (manager or self.manager).login_url(user_id=self.alice.id)
        address = self.cloud.log_in(url, by or self.alice, deny=deny, stop_before_redirect=True)
        return urlsplit(address).query

    def use(self, **options: Any) -> None:
        """Serve another manager from now on."""
        self.manager = self.make(**options)
        self.app = app_of(self.manager)

    def break_store(self, where: Path) -> None:
        if isinstance(self.manager, RedisTokenManager):
            self.use(redis_url=f"redis://127.0.0.1:{free_port()}/0")
        else:
            (where / "tokens.yml").symlink_to("elsewhere")

    def said_to(self, person: Person) -> list[str]:
        messages = [message for message in self.cloud._cloud.said() if person in message.room.people]
        return [message.text for message in messages]


def app_of(manager: TokenManager) -> Flask:
    app = Flask("bot")
    manager.register_redirect(flask=app)
    return app


@pytest.fixture
def scene(cloud: Sandbox, make_manager: MakeManager) -> Scene:
    manager = make_manager()
    people = cloud.add_person("Alice Adams"), cloud.add_person("Bob Brown")
    return Scene(cloud, make_manager, manager, app_of(manager), *people)


# -- every way for a login to end


def done(scene: Scene, where: Path) -> TestResponse:
    return scene.open(scene.way_back())


def refused(scene: Scene, where: Path) -> TestResponse:
    return scene.open(scene.way_back(deny=True))


def refused_without_state(scene: Scene, where: Path) -> TestResponse:
    return scene.open("error=access_denied")


def wrong_person(scene: Scene, where: Path) -> TestResponse:
    return scene.open(scene.way_back(by=scene.bob))


def unknown(scene: Scene, where: Path) -> TestResponse:
    return scene.open("state=unknown&code=c")


def expired(scene: Scene, where: Path) -> TestResponse:
    scene.use(flow_lifetime=timedelta(milliseconds=1))
    return scene.open(scene.way_back())


def used(scene: Scene, where: Path) -> TestResponse:
    query = scene.way_back()
    assert scene.open(query).status_code == 200
    return scene.open(query)


def malformed(scene: Scene, where: Path) -> TestResponse:
    return scene.open("state=s&state=s&code=c")


def bad_code(scene: Scene, where: Path) -> TestResponse:
    state = parse_qs(scene.way_back())["state"][0]
    return scene.open(urlencode({"state": state, "code": "bad"}))


def passing_fault(scene: Scene, where: Path) -> TestResponse:
    with scene.cloud.faults.token(status=503):
        return scene.open(scene.way_back())


def passing_fault_at_webex(scene: Scene, where: Path) -> TestResponse:
    state = parse_qs(scene.way_back())["state"][0]
    return scene.open(urlencode({"state": state, "error": "server_error"}))


def not_set_up(scene: Scene, where: Path) -> TestResponse:
    scene.manager.integration.client_secret = "wrong"
    return scene.open(scene.way_back())


def scope_not_registered(scene: Scene, where: Path) -> TestResponse:
    state = parse_qs(scene.way_back())["state"][0]
    return scene.open(urlencode({"state": state, "error": "invalid_scope"}))


def store_down(scene: Scene, where: Path) -> TestResponse:
    query = scene.way_back()
    scene.break_store(where)
    return scene.open(query)


def wrong_method(scene: Scene, where: Path) -> TestResponse:
    return scene.open(scene.way_back(), method="POST")


def head(scene: Scene, where: Path) -> TestResponse:
    return scene.open(scene.way_back(), method="HEAD")


ENDINGS = {
    done: (200, "done"),
    refused: (403, "refused"),
    refused_without_state: (403, "refused"),
    wrong_person: (403, "wrong_person"),
    unknown: (410, "no_such_flow"),
    expired: (410, "no_such_flow"),
    used: (410, "used"),
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


@every_ending
def test_each_ending_has_its_status_and_page(scene: Scene, tmp_path: Path, ending: Any) -> None:
    answer = ending(scene, tmp_path)
    status, page = ENDINGS[ending]
    assert answer.status_code == status
    assert answer.content_type == "text/html; charset=utf-8"
    if page:
        text: PageText = getattr(Texts(), f"page_{page}")
        shown = html.unescape(answer.text)
        for part in (text.title, text.sentence, text.next_step):
            assert part.format(minutes=1 if ending is expired else 10) in shown
    if ending is not store_down:
        assert bool(_context(scene)) == (ending in (done, used))


def _context(scene: Scene) -> UserContext | None:
    return scene.manager.get_user_context(user_id=scene.alice.id)


@pytest.mark.holds(13)
@one_backend
@every_ending
def test_each_ending_has_the_headers_of_a_page_that_keeps_to_itself(
    scene: Scene, tmp_path: Path, ending: Any
) -> None:
    _check_headers(ending(scene, tmp_path))


def _check_headers(answer: TestResponse) -> None:
    for name, value in {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }.items():
        assert answer.headers.getlist(name) == [value]
    (policy,) = answer.headers.getlist("Content-Security-Policy")
    directives = dict(directive.strip().split(" ", 1) for directive in policy.split(";"))
    assert re.fullmatch(r"'sha256-[\w+/=]+'", directives.pop("style-src"))
    assert directives == dict.fromkeys(
        ("default-src", "base-uri", "form-action", "frame-ancestors"), "'none'"
    )
    assert "Location" not in answer.headers
    assert "Set-Cookie" not in answer.headers


@pytest.mark.holds(13)
@one_backend
def test_the_style_sheet_is_the_one_that_the_policy_names(scene: Scene, tmp_path: Path) -> None:
    answer = done(scene, tmp_path)
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in answer.headers["Content-Security-Policy"]


@every_ending
@one_backend
def test_no_page_has_a_script_or_anything_from_outside(scene: Scene, tmp_path: Path, ending: Any) -> None:
    page = ending(scene, tmp_path).text
    assert not re.search(
        r"<script|<link|<img|<iframe|javascript:|\bon\w+=|url\(|@import|//", page, re.IGNORECASE
    )


@pytest.mark.holds(5, 15)
@every_ending
def test_no_answer_holds_a_token_a_traceback_or_another_persons_name(
    scene: Scene, tmp_path: Path, ending: Any
) -> None:
    answer = ending(scene, tmp_path)
    said = f"{answer.headers}{answer.text}"
    for person in (scene.alice, scene.bob):
        for hidden in (
            person.id,
            person.uuid,
            person.email,
            person.display_name,
            *person.display_name.split(),
        ):
            assert hidden not in said
    calls = scene.cloud.calls
    secrets = {value for call in calls for name, value in call.form.items() if _is_secret(name)}
    secrets |= {held.value for held in scene.cloud._tokens._access.values()}
    secrets |= {held.refresh_token for held in scene.cloud._tokens._refresh.values()}
    secrets.add(scene.manager.integration.client_secret)
    assert [secret for secret in secrets if len(secret) > 20 and secret in said] == []
    assert "Traceback" not in said
    assert "webex_bot_auth" not in said


def _is_secret(name: str) -> bool:
    return name in ("code", "code_verifier", "client_secret", "refresh_token", "state")


@pytest.mark.holds(5)
def test_a_wrong_person_leaves_nothing_stored_and_nobody_learns_who_it_was(scene: Scene) -> None:
    answer = scene.open(scene.way_back(by=scene.bob))
    assert answer.status_code == 403
    assert scene.said_to(scene.alice) == [Texts().someone_else]
    assert scene.said_to(scene.bob) == []
    for person in (scene.alice, scene.bob):
        assert scene.manager.get_user_context(user_id=person.id) is None
    (revoking,) = scene.cloud.calls.to("/v1/authorizations", method="DELETE")
    assert revoking.person == scene.bob


# -- faults of others


@pytest.mark.holds(28)
@one_backend
@pytest.mark.parametrize(
    "fault",
    [{"status": 500}, {"status": 429}, {"status": 404}, {"reset": True}, {"html": True}, {"empty": True},
     {"wrong_types": True}],
    ids=str,
)  # fmt: skip
def test_where_webex_does_not_say_who_signed_in_the_login_is_offered_again(scene: Scene, fault: Any) -> None:
    query = scene.way_back()
    with scene.cloud.faults.rest("/v1/people/me", **fault):
        answer = scene.open(query)
    assert answer.status_code == 503
    assert _context(scene) is None
    assert "The login did not work" in _last_card(scene)


def _last_card(scene: Scene) -> str:
    messages = [message for message in scene.cloud._cloud.said() if message.card]
    return str(messages[-1].card) if messages else ""


@one_backend
@pytest.mark.parametrize(
    "fault",
    [{"status": 500}, {"status": 403}, {"status": 429}, {"reset": True}, {"html": True}, {"empty": True},
     {"wrong_types": True}],
    ids=str,
)  # fmt: skip
def test_a_login_counts_where_the_chat_message_about_it_fails(scene: Scene, fault: Any) -> None:
    query = scene.way_back()
    with scene.cloud.faults.rest("/v1/messages", **fault):
        answer = scene.open(query)
    assert answer.status_code == 200
    assert _context(scene)


# -- what does not use a flow up


@pytest.mark.holds(8, 13)
@one_backend
@pytest.mark.parametrize(
    "method",
    ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "QUERY", "ANYTHING"],
)
def test_other_methods_get_405_and_leave_the_flow(scene: Scene, method: str) -> None:
    query = scene.way_back()
    answer = scene.app.test_client().open(
        f"/redirect?{query}", method="GET", environ_overrides={"REQUEST_METHOD": method}
    )
    assert answer.status_code == 405
    _check_headers(answer)
    assert {allowed.strip() for allowed in answer.headers["Allow"].split(",")} == {"GET", "HEAD"}
    assert scene.open(query).status_code == 200


@pytest.mark.holds(8)
@pytest.mark.parametrize(
    "look",
    [
        {"method": "HEAD"},
        {"headers": {"Sec-Purpose": "prefetch;prerender"}},
        {"headers": {"Purpose": "prefetch"}},
        {"headers": {"X-Moz": "Prefetch"}},
    ],
    ids=str,
)
def test_who_only_looks_leaves_the_flow(scene: Scene, look: Any) -> None:
    query = scene.way_back()
    scene.cloud.calls.clear()
    answer = scene.open(query, **look)
    assert answer.status_code == 200
    assert Texts().page_done.title not in answer.text
    assert list(scene.cloud.calls) == []
    assert scene.open(query).status_code == 200


# -- what comes in


class Untouchable(StoredTokenManager):
    """Its storage must not be touched."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._pending = _Untouchable()

    def get_user_context(self, *, user_id: str) -> NoReturn:
        raise AssertionError("storage was touched")

    set_user_context = get_user_context


class _Untouchable:
    def close(self) -> None:
        """Closing is fine."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError("storage was touched")


@pytest.fixture
def untouchable(cloud: Sandbox) -> Iterator[Flask]:
    with Untouchable(cloud.add_bot("Echo Bot").token, cloud.integration()) as manager:
        app = app_of(manager)
        app.testing = True  # let exceptions through
        yield app


@pytest.mark.holds(9, 10)
@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=s",
        "code=c",
        "state=s&code=",
        "state=&code=c",
        "state=s&code=&error=",
        "state=s&code=c&error=access_denied",
        "code=c&error=access_denied",
        "state=s&state=s&code=c",
        "state=s&state=t&code=c",
        "state=s&code=c&code=d",
        "state=s&code=c&code=",
        "state=s&error=a&error=a",
        "state=s&code=c&other=1&other=2",
        "state=s&code=" + "c" * 2049,
        "state=" + "s" * 2049 + "&code=c",
        "state=s&code=c&other=" + "o" * 2049,
        "state=s&code=c&" + "o" * 2049 + "=1",
        "state=s&code=c&" + "&".join(f"o{number}={'o' * 2000}" for number in range(9)),
        "state=s&code=a%00b",
        "state=%00&code=c",
        "state=s&code=c&o%00=1",
        "state=s&code=c%0D%0ALocation:%20//evil",
        "state=s%7F&code=c",
        "state=s%1B[0m&code=c",
        "state=%C3%A9&code=c",
        "state=s&code=\u00e9",
        "state=s&code=%FF",
        "state=s&code=c&%C3%A9=1",
        "state=s%E2%80%AE&code=c",
    ],
    ids=lambda query: query[:45],
)  # fmt: skip
def test_malformed_parameters_get_400_before_storage_is_touched(untouchable: Flask, query: str) -> None:
    answer = untouchable.test_client().get(f"/redirect?{query}")
    assert answer.status_code == 400
    _check_headers(answer)


@pytest.mark.holds(9)
@one_backend
def test_a_parameter_of_2_kib_is_not_overlong(scene: Scene) -> None:
    assert scene.open(f"state={'s' * 2048}&code={'c' * 2048}").status_code == 410


@pytest.mark.holds(10)
def test_an_error_ends_that_login_only_and_the_person_is_told(scene: Scene) -> None:
    first, other = scene.way_back(), scene.way_back()
    state = parse_qs(first)["state"][0]
    scene.cloud.calls.clear()
    answer = scene.open(urlencode({"state": state, "error": "access_denied", "error_description": "No!"}))
    assert answer.status_code == 403
    assert scene.said_to(scene.alice) == [Texts().refused]
    assert scene.open(first).status_code == 410
    assert scene.cloud.calls.exchanges() == []
    assert scene.open(other).status_code == 200


@pytest.mark.holds(14)
@one_backend
@pytest.mark.parametrize("name", ["error", "error_description", "error_uri", "other"])
def test_text_from_outside_is_inert(scene: Scene, name: str) -> None:
    state = parse_qs(scene.way_back())["state"][0]
    text = "<script>alert('gotcha')</script>\"><img src=x onerror=gotcha>"
    answer = scene.open(urlencode({"state": state, "error": "access_denied"} | {name: text}))
    assert answer.status_code in (403, 502)
    assert "<script" not in answer.text
    assert "<img" not in answer.text
    assert not any("gotcha" in said and "<" in said for said in scene.said_to(scene.alice))


FORGED = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/evil",
    "X-Original-URL": "https://evil.example/",
    "Forwarded": "host=evil.example;proto=https",
    "Referer": "https://evil.example/",
}


@pytest.mark.holds(7)
@one_backend
def test_the_redirect_address_comes_from_the_configuration_alone(scene: Scene) -> None:
    with scene.app.test_request_context("/redirect", headers=FORGED):
        url = scene.manager.login_url(user_id=scene.alice.id)
    assert "evil" not in url
    assert parse_qs(urlsplit(url).query)["redirect_uri"] == [scene.manager.integration.redirect_url]
    query = urlsplit(scene.cloud.log_in(url, scene.alice, stop_before_redirect=True)).query
    assert scene.open(query, headers=FORGED).status_code == 200
    (exchange,) = scene.cloud.calls.exchanges()
    assert exchange.form["redirect_uri"] == scene.manager.integration.redirect_url


@pytest.mark.holds(7)
@one_backend
@every_ending
def test_no_request_makes_an_answer_send_the_browser_elsewhere(
    scene: Scene, tmp_path: Path, ending: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = "&redirect_uri=//evil.example&next=//evil.example&url=//evil.example&return_to=//evil.example"
    plain = scene.open
    monkeypatch.setattr(
        scene,
        "open",
        lambda query, **request: plain(f"{query}{more}", headers=FORGED, **request),
        raising=True,
    )
    answer = ending(scene, tmp_path)
    assert answer.status_code == ENDINGS[ending][0]
    assert "Location" not in answer.headers
    assert "Refresh" not in answer.headers
    assert "http-equiv" not in answer.text
    assert "evil" not in f"{answer.headers}{answer.text}"


# -- in other people's apps


@pytest.mark.holds(13)
@one_backend
@every_ending
def test_an_applications_own_error_handlers_do_not_meddle(scene: Scene, tmp_path: Path, ending: Any) -> None:
    def meddle(error: Any) -> Any:
        return "the application's own page", 200

    make_app = app_of

    def with_handlers(app: Flask) -> Flask:
        for what in (400, 403, 404, 405, 410, 500, 502, 503, Exception):
            app.register_error_handler(what, meddle)
        return app

    scene.app = with_handlers(make_app(scene.manager))
    answer = ending(scene, tmp_path)
    assert answer.status_code == ENDINGS[ending][0]
    assert "the application's own page" not in answer.text
    assert scene.app.test_client().get("/elsewhere").text in ("the application's own page", _not_found())


def _not_found() -> str:
    return Flask("other").test_client().get("/elsewhere").text


class Minimal(TokenManager):
    """The three methods that the specification asks a subclass for, and nothing else."""

    def start_flow(self, *, user_id: str) -> str:
        return "the-flow"

    def process_redirect(self, *, flow_id: str, code: str) -> str:
        if code == "fail":
            raise RuntimeError("the-secret of a manager of one's own")
        return f"Welcome <b>{flow_id}</b>, thanks for {code}"

    def get_user_context(self, *, user_id: str) -> UserContext | None:
        return None


@pytest.fixture
def minimal(cloud: Sandbox) -> Iterator[Flask]:
    with Minimal(cloud.add_bot("Echo Bot").token, cloud.integration()) as manager:
        yield app_of(manager)


def test_a_manager_with_three_methods_has_a_page_for_its_text(minimal: Flask) -> None:
    answer = minimal.test_client().get("/redirect?state=the-flow&code=the-code")
    assert answer.status_code == 200
    assert "Welcome &lt;b&gt;the-flow&lt;/b&gt;, thanks for the-code" in answer.text
    _check_headers(answer)


@pytest.mark.parametrize(
    ("query", "status"),
    [("state=the-flow&error=access_denied", 403), ("error=access_denied", 403), ("state=the-flow", 400),
     ("state=the-flow&error=server_error", 503)],
)  # fmt: skip
def test_a_manager_with_three_methods_has_the_other_pages_as_well(
    minimal: Flask, query: str, status: int
) -> None:
    answer = minimal.test_client().get(f"/redirect?{query}")
    assert answer.status_code == status
    _check_headers(answer)


@pytest.mark.holds(13, 15)
@pytest.mark.parametrize("debug", [False, True])
def test_a_fault_in_a_manager_shows_no_traceback_even_while_debugging(minimal: Flask, debug: bool) -> None:
    minimal.debug = debug
    answer = minimal.test_client().get("/redirect?state=the-flow&code=fail")
    assert answer.status_code in (500, 503)
    assert "Traceback" not in answer.text
    assert "the-secret" not in answer.text
    _check_headers(answer)


@one_backend
def test_the_page_says_what_the_application_wants_it_to_say(scene: Scene, tmp_path: Path) -> None:
    said = PageText("Angemeldet ✓ & <fertig>", "Das gilt {minutes} Minuten, „ja“.", "Zurück zu Webex.")
    scene.use(texts=Texts(page_done=said))
    page = done(scene, tmp_path).text
    assert "<title>Angemeldet ✓ &amp; &lt;fertig&gt;</title>" in page
    assert "<h1>Angemeldet ✓ &amp; &lt;fertig&gt;</h1>" in page
    assert "Das gilt 10 Minuten, „ja“." in page
    assert "Zurück zu Webex." in page


@one_backend
@pytest.mark.parametrize("part", ["title", "sentence", "next_step"])
def test_minutes_are_filled_in_wherever_a_page_names_them(scene: Scene, tmp_path: Path, part: str) -> None:
    said = PageText(**{"title": "t", "sentence": "s", "next_step": "n", part: "within {minutes} minutes"})
    scene.use(texts=Texts(page_done=said))
    assert "within 10 minutes" in done(scene, tmp_path).text


@pytest.mark.parametrize("part", ["title", "sentence", "next_step"])
@pytest.mark.parametrize("word", ["name", "command", "nonsense"])
def test_a_word_that_a_page_cannot_fill_in_stops_the_start(part: str, word: str) -> None:
    said = {"title": "t", "sentence": "s", "next_step": "n", part: f"Hello {{{word}}}"}
    with pytest.raises(SettingError, match="page_done"):
        Texts(page_done=PageText(**said))


# -- random requests


@pytest.fixture(scope="module")
def calm_cloud() -> Iterator[Sandbox]:
    with Sandbox() as cloud, cloud.clients():
        yield cloud


@pytest.fixture(scope="module", params=["yaml", "redis-encrypted"])
def module_scene(
    request: pytest.FixtureRequest,
    calm_cloud: Sandbox,
    tmp_path_factory: pytest.TempPathFactory,
    redis_server: RedisServer,
) -> Iterator[Scene]:
    token, integration = calm_cloud.add_bot("Echo Bot").token, calm_cloud.integration()
    folder = tmp_path_factory.mktemp("random")
    made: TokenManager = (
        YAMLTokenManager(token, integration, yml_base=str(folder / "tokens"))
        if request.param == "yaml"
        else RedisTokenManager(
            token, integration, redis_url=redis_server.url, key_prefix="random:", encryption_keys=[KEY]
        )
    )
    people = calm_cloud.add_person("Alice Adams"), calm_cloud.add_person("Bob Brown")
    with made as manager:
        yield Scene(calm_cloud, lambda: manager, manager, app_of(manager), *people)


NAMES = st.sampled_from(["state", "code", "error", "error_description"]) | st.text(max_size=5)
VALUES = st.one_of(
    st.text(max_size=30),
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=30),
    st.sampled_from(["", "access_denied", "server_error", "*", "used", "a" * 2048, "a" * 2049, "%00", "é"]),
)
QUERIES = st.one_of(
    st.lists(st.tuples(NAMES, VALUES), max_size=5).map(lambda pairs: urlencode(pairs, errors="replace")),
    st.fixed_dictionaries({"state": VALUES}, optional={"code": VALUES, "error": VALUES}).map(
        lambda pairs: urlencode(pairs, errors="replace")
    ),
    st.text(st.characters(codec="latin-1"), max_size=60),
)


@pytest.mark.holds(4, 13, 34)
@settings(max_examples=4800, deadline=None)
@given(query=QUERIES)
@example("state=a&code=%ED%A0%80")
@example("&&&===%%%")
@example("state=a&code=\x80")
def test_a_random_query_gets_no_5xx_and_calls_nobody(module_scene: Scene, query: str) -> None:
    calls = len(module_scene.cloud.calls)
    answer = module_scene.app.test_client().get("/redirect", environ_overrides={"QUERY_STRING": query})
    assert answer.status_code in (400, 403, 410)
    _check_headers(answer)
    assert len(module_scene.cloud.calls) == calls


@pytest.mark.holds(2, 4, 9, 34)
@settings(max_examples=200, deadline=None)
@given(extra=st.lists(st.tuples(NAMES, VALUES), max_size=3), with_code=st.booleans())
def test_a_random_query_with_a_live_flow_ends_it_properly_or_leaves_it(
    module_scene: Scene, extra: list[tuple[str, str]], with_code: bool
) -> None:
    scene = module_scene
    flow_id = scene.manager.start_flow(user_id=scene.alice.id)
    scene.cloud.calls.clear()
    pairs = [("state", flow_id), *([("code", "random")] if with_code else []), *extra]
    answer = scene.open(urlencode(pairs, errors="replace"))
    exchanges = scene.cloud.calls.exchanges()
    assert len(exchanges) <= 1
    if exchanges:
        assert answer.status_code == 503  # the code is none of Webex's
    if answer.status_code == 400:
        assert list(scene.cloud.calls) == []
        assert scene.open(urlencode({"state": flow_id, "error": "access_denied"})).status_code == 403
    assert scene.open(urlencode({"state": flow_id, "code": "c"})).status_code == 410


# -- in a browser


class Shows(Minimal):
    """Ends every login as its code says."""

    def process_redirect(self, *, flow_id: str, code: str) -> str:
        return "https://example.com/" + "x" * 200 if code == "long" else self.chat.page(Outcome(code))


@pytest.mark.holds(13)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_each_page_looks_as_it_should_in_a_browser(
    browser: Any, cloud: WebexSandbox, scheme: str, width: int
) -> None:
    ground = {"light": "rgb(244, 245, 247)", "dark": "rgb(18, 20, 23)"}[scheme]
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 760})
    with Shows(cloud.add_bot("Echo Bot").token, cloud.integration()) as manager:
        base = cloud.serve(app_of(manager))
        page = context.new_page()
        problems: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        for outcome in Outcome:
            url = f"{base}/redirect?state=s&code={outcome.value}"
            page.goto(url)
            assert page.locator("h1").inner_text() == getattr(Texts(), f"page_{outcome.value}").title
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        assert asked == [f"{base}/redirect?state=s&code={outcome.value}" for outcome in Outcome]
        page.goto(f"{base}/redirect?state=s&code=long")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        # a browser reports the status of a page like that of anything else that it loads
        assert [one for one in problems if "the server responded with a status of" not in one] == []
    context.close()
