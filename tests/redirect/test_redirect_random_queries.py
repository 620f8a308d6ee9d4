"""Random queries to the redirect page."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.makers import KEY
from support.redirect_page import Scene, app_for, check_headers
from support.redis_server import RedisServer

from webex_bot_auth import RedisTokenManager, TokenManager, YAMLTokenManager
from webex_bot_auth.sandbox import Sandbox


@pytest.fixture(scope="module", params=["yaml", "redis-encrypted"])
def module_scene(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer
) -> Iterator[Scene]:
    with Sandbox() as cloud, cloud.clients():
        token, integration = cloud.add_bot("Echo Bot").token, cloud.integration()
        folder = tmp_path_factory.mktemp("random")
        made: TokenManager = (
            YAMLTokenManager(token, integration, yml_base=str(folder / "tokens"))
            if request.param == "yaml"
            else RedisTokenManager(
                token, integration, redis_url=redis_server.url, key_prefix="random:", encryption_keys=[KEY]
            )
        )
        people = cloud.add_person("Alice Adams"), cloud.add_person("Bob Brown")
        with made as manager:
            yield Scene(cloud, lambda: manager, manager, app_for(manager), *people)


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


NUMBERS = itertools.count()
AT_ONCE = 16  # to make an example of one query takes longer than to send it


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.holds(4, 13, 34)
@settings(max_examples=5400 // AT_ONCE, database=None)
@given(queries=st.lists(QUERIES, min_size=AT_ONCE, max_size=AT_ONCE, unique=True))
@example(["state=a&code=%ED%A0%80", "&&&===%%%", "state=a&code=\x80"])
def test_random_queries_get_no_5xx_and_call_nobody(module_scene: Scene, queries: list[str]) -> None:
    client = module_scene.app.test_client()
    calls = len(module_scene.cloud.calls)
    for query in queries:
        answer = client.get("/redirect", environ_overrides={"QUERY_STRING": query})
        assert answer.status_code in (400, 403, 410), query
        check_headers(answer)
        assert len(module_scene.cloud.calls) == calls, query


@pytest.mark.holds(2, 4, 9, 34)
@settings(max_examples=200)
@given(extra=st.lists(st.tuples(NAMES, VALUES), max_size=3), with_code=st.booleans())
def test_a_random_query_with_a_live_flow_ends_it_properly_or_leaves_it(
    module_scene: Scene, extra: list[tuple[str, str]], with_code: bool
) -> None:
    scene = module_scene
    # of a person of their own: in the background, others are asked again, and each has five logins at most
    person = scene.cloud.add_person(f"Person {next(NUMBERS)}")
    flow_id = scene.manager.start_flow(user_id=person.id)
    scene.cloud.calls.clear()
    pairs = [("state", flow_id), *([("code", "random")] if with_code else []), *extra]
    answer = scene.open(urlencode(pairs, errors="replace"))
    exchanges = scene.cloud.calls.exchanges()
    assert len(exchanges) <= 1
    if exchanges:
        assert answer.status_code == 503  # Webex has not issued the code
    if answer.status_code == 400:
        assert exchanges == []  # the bot may still be talking about an earlier one
        assert scene.open(urlencode({"state": flow_id, "error": "access_denied"})).status_code == 403
    assert scene.open(urlencode({"state": flow_id, "code": "c"})).status_code == 410
