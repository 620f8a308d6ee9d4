"""Real clients from npm run against the sandbox: ``make javascript`` installs them and runs these tests."""

from __future__ import annotations

import json
import os
import queue
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from support.chromium import chromium
from webexpythonsdk import WebexAPI
from werkzeug.exceptions import NotFound
from werkzeug.middleware.shared_data import SharedDataMiddleware

from webex_bot_auth.sandbox import Message, Person, Room, Sandbox, environment
from webex_bot_auth.sandbox.http.server import HttpServer

#: a program that ends while a webhook is delivered to it leaves a socket that Python's ssl does not close
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
FOLDER = Path(__file__).parent
MINUTE = 60  # seconds that a client has to live without an unhandled rejection, which ends node
PAGE = FOLDER.parents[1] / "docs/sandbox/javascript.md"
UMD = FOLDER / "node_modules/webex/umd"
END = """
process.stdin.on('end', () => process.exit(0)).resume();
const ready = () => console.log(JSON.stringify({what: 'ready', data: {}}));
"""
#: what tells that a program of the documentation hears messages
READY = {
    "bot.js": "framework.on('initialized', ready);",
    "sdk.js": "webex.internal.mercury.on('online', ready);",
    "botkit.js": """
        controller.ready(async () => {
          while ((await adapter._api.webhooks.list()).items.length < 2);
          ready();
        });""",
}
LISTEN = """
const show = (text) => document.body.append(document.createElement('p').textContent = text);
webex.once('ready', async () => {
  webex.messages.on('created', ({data}) => show(data.text));
  await webex.messages.listen();
  show(`${(await webex.people.get('me')).displayName} listens`);
});
"""
HTML = "<!doctype html><body><script src='/umd/webex.min.js'></script><script src='/app.js'></script>"
CARD = {
    "contentType": "application/vnd.microsoft.card.adaptive",
    "content": {
        "type": "AdaptiveCard",
        "version": "1.3",
        "body": [{"type": "Input.Text", "id": "what"}],
        "actions": [{"type": "Action.Submit", "title": "Send"}],
    },
}


@dataclass
class Program:
    """A program of this folder, which tells in lines of JSON what happens.

    Attributes:
        process: The process of node.
        told: What it has told and nobody has waited for yet.
    """

    process: subprocess.Popen[str]
    told: queue.Queue[dict[str, Any] | None] = field(default_factory=queue.Queue)

    def read(self) -> None:
        """Read what it prints, until it ends."""
        for line in self.process.stdout or ():
            if line.startswith('{"what"'):
                self.told.put(json.loads(line))
        self.told.put(None)

    def wait_for(self, what: str) -> Any:
        """Wait until it tells something, and return the data."""
        while (told := self.told.get(timeout=60)) is not None:
            if told["what"] == what:
                return told["data"]
        raise AssertionError(f"it ended before {what}, with status {self.process.wait()}")

    def end(self) -> int:
        """End it, and return its exit status."""
        assert self.process.stdin
        self.process.stdin.close()
        return self.process.wait(timeout=30)


@contextmanager
def node(script: str, variables: dict[str, str], **more: str) -> Iterator[Program]:
    """Run a program of this folder, with the variables that ``--env`` prints; it must not end by itself."""
    with subprocess.Popen(
        ["node", script],
        cwd=FOLDER,
        env={**os.environ, "NODE_PATH": str(FOLDER / "node_modules"), **variables, **more},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        program = Program(process)
        reader = threading.Thread(target=program.read, daemon=True)
        reader.start()
        try:
            yield program
            assert program.end() == 0
        finally:
            process.kill()
            reader.join()


@dataclass(frozen=True)
class World:
    """A sandbox with a bot and two people, and what ``--env`` prints of it."""

    cloud: Sandbox
    bot: Person
    alice: Person
    direct: Room
    team: Room
    variables: dict[str, str]

    def answer(self, asked: Message) -> str:
        """Wait for the bot's next message, and return its text."""
        return self.cloud.wait_for_message(asked.room, person=self.bot, after=asked, timeout=60).text

    def form(self) -> Message:
        """Post a card as the bot."""
        message = {"roomId": self.direct.id, "text": "a form", "attachments": [CARD]}
        headers = {"Authorization": f"Bearer {self.bot.token}"}
        posted = requests.post(f"{self.cloud.url}/v1/messages", json=message, headers=headers, timeout=30)
        return self.cloud.wait_for_message(where=lambda one: one.id == posted.json()["id"])


@pytest.fixture(params=[False, True], ids=["ws", "wss"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Run a sandbox, without and with TLS."""
    with Sandbox(tls=request.param) as cloud:
        bot, alice = cloud.add_bot("Echo Bot"), cloud.add_person("Alice Adams")
        bob = cloud.add_person("Bob Brown")
        certificate = tmp_path / "certificate.pem"
        certificate.write_text(cloud.certificate)
        given = environment.variables(
            cloud, bot, cloud.integration(), str(certificate) if cloud.certificate else ""
        )
        yield World(
            cloud, bot, alice, cloud.direct(alice, bot), cloud.group("Team", [alice, bob, bot]), given
        )


def test_the_sdk_walks_through_the_api_hears_every_event_and_lives_for_a_minute(world: World) -> None:
    cloud, alice, team = world.cloud, world.alice, world.team
    with node("sdk.js", world.variables) as sdk:
        began = time.monotonic()
        walked = sdk.wait_for("walked")
        assert (walked["me"], walked["again"], walked["listed"]) == ("Echo Bot", True, 0)
        assert "<strong>héllo</strong> 😀" in walked["html"]
        assert sdk.wait_for("listening") == {"keys": 2, "again": True}
        said = cloud.say(alice, team, "hello", to=world.bot)
        assert sdk.wait_for("messages created")["text"] == "Echo Bot hello"
        api = WebexAPI(alice.token, base_url=f"{cloud.url}/v1/")
        api.messages.update(said.id, team.id, text="hello @Echo Bot")
        api.messages.delete(said.id)
        carol = cloud.add_person("Carol Clark")
        joined = api.memberships.create(team.id, personId=carol.id)
        assert sdk.wait_for("memberships created")["personEmail"] == carol.email
        api.memberships.update(joined.id, isModerator=True)
        assert sdk.wait_for("memberships updated")["isModerator"] is True
        api.memberships.delete(joined.id)
        assert sdk.wait_for("memberships deleted")["personEmail"] == carol.email
        api.rooms.update(team.id, "Renamed")
        assert sdk.wait_for("rooms updated")["id"] == team.id
        cloud.submit(alice, world.form(), {"what": "yes"})
        assert sdk.wait_for("attachmentActions created")["inputs"] == {"what": "yes"}
        with pytest.raises(subprocess.TimeoutExpired):
            sdk.process.wait(MINUTE - (time.monotonic() - began))


@pytest.mark.parametrize("webhooks", ["", "yes"], ids=["websocket", "webhooks"])
def test_a_bot_of_webex_node_bot_framework_answers(world: World, webhooks: str) -> None:
    with node("framework.js", world.variables, WEBHOOKS=webhooks) as bot:
        bot.wait_for("initialized")
        answers_once(world, "Hello Alice Adams")


def test_a_bot_of_botkit_answers_what_has_the_right_signature(world: World) -> None:
    with node("botkit.js", world.variables) as bot:
        bot.wait_for("initialized")
        answers_once(world, "I heard hello Zoë 😀")


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the programs of the documentation into a folder, and return it."""
    folder = tmp_path_factory.mktemp("documented")
    for program in re.findall(r"```js\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        name = re.match(r"// (\w+\.js)\n", program)
        (folder / (name[1] if name else "app.js")).write_text(program, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("script", "said"),
    [("bot.js", "Hello Alice Adams"), ("sdk.js", "You said hello"), ("botkit.js", "I heard hello")],
)
def test_the_programs_of_the_documentation_answer(
    world: World, documented: Path, script: str, said: str
) -> None:
    text = (documented / script).read_text(encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    program = documented / f"{port}.js"
    program.write_text(text.replace("3000'", f"{port}'") + END + READY[script], encoding="utf-8")
    with node(str(program), world.variables, PORT=port) as bot:
        bot.wait_for("ready")
        assert world.answer(world.cloud.say(world.alice, world.direct, "hello")) == said


def test_a_web_app_of_an_allowed_origin_uses_the_sdk(documented: Path) -> None:
    app = documented / "app.js"
    start = app.read_text(encoding="utf-8")
    files = HttpServer(SharedDataMiddleware(NotFound(), {"/": str(documented), "/umd": str(UMD)}), 0)
    files.start()
    origin = f"http://127.0.0.1:{files.port}"
    with Sandbox(allow_origins=[origin]) as cloud, chromium() as browser:
        bot, alice = cloud.add_bot("Echo Bot"), cloud.add_person("Alice Adams")
        start = start.replace("http://127.0.0.1:8910", cloud.url).replace(
            "access_token: token", f"access_token: '{bot.token}'"
        )
        app.write_text(f"{start}{LISTEN}", encoding="utf-8")
        (documented / "index.html").write_text(HTML, encoding="utf-8")
        page = browser.new_page()
        page.goto(f"{origin}/index.html")
        page.get_by_text("Echo Bot listens").wait_for(timeout=60_000)
        cloud.say(alice, cloud.direct(alice, bot), "hello from Alice")
        page.get_by_text("hello from Alice").wait_for()
    files.close()


def answers_once(world: World, expected: str) -> None:
    """Write in the 1:1 space and in the group, and submit a card; there is one answer to each."""
    cloud, alice = world.cloud, world.alice
    for asked in (
        cloud.say(alice, world.direct, "hello Zoë 😀"),
        cloud.say(alice, world.team, "hello Zoë 😀", to=world.bot),
    ):
        assert world.answer(asked) == expected
    form = world.form()
    cloud.submit(alice, form, {"what": "yes"})
    assert world.answer(form) == "You said yes"
    assert (
        world.answer(cloud.say(alice, world.direct, "hello Zoë 😀")) == expected
    )  # it comes after all others
    texts = [one.text for one in cloud.messages(world.direct) if one.person is world.bot]
    assert texts == [expected, "a form", "You said yes", expected]
