"""Whatever is sent to the sandbox, the answer is never 500, and 8 KB take no time."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox_world import World
from werkzeug.test import Client

from webex_bot_auth.sandbox.app import shared_app
from webex_bot_auth.sandbox.content import markup, mentions

FIELDS = re.findall(
    r"\w+",
    "roomId toPersonEmail text markdown html files attachments name title emails displayName type "
    "messageId inputs personEmail teamId contentUrl targetUrl resource event filter secret others person "
    "room mentions file parent message kind value times retryAfter where id seconds login commands token "
    "key bot card device kmsMessages roles licenses isLocked isModerator user_code decision grant_type "
    "code redirect_uri client_id scope",
)
PARAMETERS = [
    "max",
    "cursor",
    "from",
    "to",
    "before",
    "beforeMessage",
    "id",
    "email",
    "roomId",
    "person",
    "room",
    "since",
    "run",
    "kinds",
    "sortBy",
    "type",
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "login_hint",
    "userCode",
    "mentionedPeople",
    "personId",
    "teamId",
    "roles",
    "displayName",
    "personEmail",
    "ownedBy",
]
ODD = ["\ud800", "\x00", "a\nb", "<![x<![y", "9" * 5000, "0001-01-01T00:00:00+23:59", "-1", "²", "[" * 2000]
CARD = "application/vnd.microsoft.card.adaptive"
ENDLESS = {"/chat/changes"}  # addresses that answer for as long as the client listens


def rules() -> list[tuple[str, str]]:
    """Return the methods and paths of all addresses."""
    known = [rule for rule in shared_app().url_map.iter_rules() if rule.rule not in ENDLESS]
    return sorted((method, rule.rule) for rule in known for method in rule.methods - {"HEAD", "OPTIONS"})


def values(known: list[str]) -> Any:
    """Values of JSON: such that mean something in a sandbox, and such that mean trouble."""
    text = st.sampled_from([*known, *ODD]) | st.text(max_size=9)
    simple = st.none() | st.booleans() | st.integers() | st.floats() | text
    element = st.dictionaries(
        st.sampled_from(["type", "id", "value", "isRequired", "data"]), simple, max_size=3
    )
    card = st.fixed_dictionaries(
        {"type": st.just("AdaptiveCard"), "version": simple, "body": st.lists(element, max_size=2)}
    )
    attachment = st.fixed_dictionaries({"contentType": st.just(CARD), "content": card})
    file = st.fixed_dictionaries({"name": text, "type": text, "data": st.sampled_from(["YQ==", "a", ""])})
    parts = simple | attachment | card | file | st.dictionaries(text, simple, max_size=2)
    return parts | st.lists(parts, max_size=2)


@pytest.mark.holds(73)
def test_no_input_gives_a_500(world: World) -> None:
    boss = world.cloud.add_person("Boss", admin=True)
    said = world.cloud.say(world.alice, world.direct, "hi")
    known = [world.bot.id, world.alice.id, world.alice.email, world.direct.id, world.team.id, said.id]
    known += [
        "messages",
        "all",
        "created",
        "http://127.0.0.1:9/",
        "http://[",
        "*a*",
        "S256",
        "code",
        "submit",
    ]
    known += [
        world.cloud.integration().client_id,
        "http://127.0.0.1:8911/redirect",
        "spark:kms",
        "rest",
        "slow",
    ]
    apps: list[Any] = []
    with world.cloud.wrap(lambda app: apps.append(app) or app):
        client = Client(apps[0])
    value = values(known)

    @settings(max_examples=400, suppress_health_check=list(HealthCheck))
    @given(
        rule=st.sampled_from(rules()),
        part=st.sampled_from([*known, *ODD]) | st.text(min_size=1, max_size=9),
        query=st.dictionaries(st.sampled_from(PARAMETERS), st.sampled_from([*known, *ODD]), max_size=4),
        body=st.dictionaries(st.sampled_from(FIELDS), value, max_size=8) | value,
        raw=st.sampled_from(["", "", "", "[" * 100_000, "{", '{"text": 1e999}', '"\\ud800"']),
        kind=st.sampled_from(
            ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]
        ),
        person=st.sampled_from([boss, world.alice, world.bot]),
    )
    def answers(rule: Any, part: str, query: Any, body: Any, raw: str, kind: str, person: Any) -> None:
        method, path = rule
        path = re.sub("<any.*?>", "expire", path).replace("<int:number>", "1")
        url = re.sub("<.*?>", lambda _: quote(part.encode(errors="replace"), safe=""), path)
        texts = {key: given.encode(errors="replace").decode() for key, given in query.items()}
        sent: Any = raw or json.dumps(body)
        if kind != "application/json":
            fields = body if isinstance(body, dict) else {}
            sent = {key: str(one).encode(errors="replace") for key, one in fields.items()}
        headers = {"Authorization": f"Bearer {person.token}"}
        answer = client.open(
            url, method=method, query_string=texts, data=sent, content_type=kind, headers=headers
        )
        world.cloud.faults.clear()
        assert answer.status_code != 500, (method, url, texts, sent)

    answers()


PIECES = [
    "<p ",
    "<",
    "<!--",
    "<![",
    '<p a="',
    "<a b",
    "[",
    "![",
    "](",
    "**a",
    "_a ",
    "`",
    "> ",
    "|-|\n",
    "(*",
    "&#",
]
MENTIONS = ["@", "<@personEmail:", '<spark-mention data-object-id="a" ', "<spark-mention data-object-id="]


@pytest.mark.parametrize("piece", [*PIECES, *MENTIONS])
def test_8_kb_of_markup_take_no_time(piece: str) -> None:
    text = (piece * 8192)[:8192]
    began = time.process_time()
    for read in (
        markup.to_html,
        markup.cleaned,
        markup.plain_text,
        mentions.MENTION.split,
        mentions.MARKED.split,
    ):
        read(text)
    assert time.process_time() - began < 0.5
