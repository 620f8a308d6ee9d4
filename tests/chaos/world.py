"""Runs a plan: a sandbox, Redis, the bot's and the redirects' processes, and people with browsers."""

from __future__ import annotations

import contextlib
import json
import queue
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis
import requests
from support.waiting import wait_until

from webex_bot_auth.sandbox import Message, OAuthSettings, Person, Sandbox, open_url

from . import process
from .checker import Asked, Call, Page, Records, Run, Told, problems
from .faults import Dripping, Process, Store, fail_webex, fail_websocket, revoke_a_token
from .plan import Fault, Plan, Said

#: how long what was begun may take to end, once nothing fails any more; seconds
SETTLE_SECONDS = 60.0
#: lifetime of access tokens, so that many are refreshed; seconds
TOKEN_SECONDS = 20
REDIRECTS = 2


class World:
    """One run of a plan.

    Args:
        plan: what happens
        folder: for data and logs
    """

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        self.runs = folder / "runs.jsonl"
        self.asked: list[tuple[Said, Message, bool]] = []
        self.pages: list[Page] = []
        self.is_over = False  # people approve each login from now on
        self._closing = threading.Event()
        self._stack = ExitStack()

    def __enter__(self) -> World:
        with ExitStack() as stack:
            self.store = stack.enter_context(Store(self.folder))
            self.sandbox = stack.enter_context(
                Sandbox(oauth=OAuthSettings(access_token_lifetime=TOKEN_SECONDS))
            )
            self.dripping = Dripping()
            stack.enter_context(self.sandbox.wrap(self.dripping))
            self.people = [
                self.sandbox.add_person(f"Person {n}", email=f"p{n}@example.com")
                for n in range(self.plan.people)
            ]
            self.bot = self.sandbox.add_bot("Chaos Bot")
            self.direct = [self.sandbox.direct(person, self.bot) for person in self.people]
            self.group = self.sandbox.group("Everybody", [*self.people, self.bot])
            self.redirects = [
                stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(REDIRECTS)
            ]
            settings = self._settings()
            self.processes = [
                Process(process.run_bot, (settings,), self.folder / "bot.log"),
                *(
                    Process(process.serve_redirects, (settings, one), self.folder / f"redirect-{number}.log")
                    for number, one in enumerate(self.redirects)
                ),
            ]
            for one in self.processes:
                stack.callback(one.close)
            browsers = threading.Thread(target=self._use_browsers)
            stack.callback(browsers.join)
            stack.callback(self._closing.set)
            browsers.start()
            self.sandbox.wait_until_online(self.bot, 120)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _settings(self) -> process.Settings:
        integration = self.sandbox.integration(f"http://{self._address(0)}/redirect")
        return process.Settings(
            sandbox=self.sandbox.url,
            bot_token=self.bot.token,
            client_id=integration.client_id,
            client_secret=integration.client_secret,
            redirect_url=integration.redirect_url,
            redis_url=self.store.address.url,
            runs=str(self.runs),
        )

    def _address(self, redirect: int) -> str:
        host, port = self.redirects[redirect % REDIRECTS].getsockname()
        return f"{host}:{port}"

    # -- what happens

    def run(self) -> list[str]:
        """Let everything happen, and return what was promised and not kept."""
        lanes = [_Lane(self._fail) for _ in range(3)]  # the store, Webex, processes: each in order
        faults = list(self.plan.faults)
        for number, said in enumerate(self.plan.said):
            while faults and faults[0].after <= number:
                fault = faults.pop(0)
                lanes[_lane(fault)].put(fault)
            self._closing.wait(said.pause)
            self._say(said)
        for lane in lanes:
            lane.close()
        self._settle(self._is_idle)
        self.is_over = True
        for person in range(self.plan.people):
            self._say(Said(person, f"m{79:03}", "quick", is_guarded=True, in_group=False, pause=0.0))
        self._settle(lambda: self._is_idle() and not problems(self.records()))
        return problems(self.records())

    def _say(self, said: Said) -> None:
        person, room = self.people[said.person], self.direct[said.person]
        if said.in_group:
            message = self.sandbox.say(person, self.group, said.text, to=self.bot)
        else:
            message = self.sandbox.say(person, room, said.text)
        self.asked.append((said, message, self.is_over))

    def _fail(self, fault: Fault) -> None:
        if fault.kind.startswith("store"):
            self.store.fail(fault, self._closing)
        elif fault.kind == "kill bot":
            self.processes[0].kill()
        elif fault.kind == "kill redirect":
            self.processes[1 + int(fault.part) % REDIRECTS].kill()
        elif fault.kind in ("websocket breaks", "delivered twice"):
            fail_websocket(self.sandbox, fault, self._closing)
        elif fault.kind == "token revoked":
            with contextlib.suppress(redis.RedisError):  # the store fails, too
                revoke_a_token(self.people, self._stored, self.sandbox, fault)
        else:
            fail_webex(self.sandbox, self.dripping, fault, self._closing)

    def _settle(self, holds: Any) -> None:
        with contextlib.suppress(TimeoutError):
            wait_until(holds, "all has ended", seconds=SETTLE_SECONDS)

    def _is_idle(self) -> bool:
        """Whether nothing is under way for anybody, as far as Redis knows."""
        client = self.store.client
        if any(
            client.zcard(key) for name in ("run", "interrupted") for key in client.keys(f"*-agenda-{name}")
        ):
            return False
        for key in client.keys("*-desk-*"):
            desk = json.loads(client.get(key) or "{}")
            if any(desk.get(part) for part in ("waiting", "released", "sent", "notices")):
                return False
            if any(flow.get("state", "pending") in ("pending", "ending") for flow in desk.get("flows", ())):
                return False
        return True

    def history(self) -> list[Message]:
        """Return all messages, also those that were deleted: the sandbox's own list, as it was posted."""
        return self.sandbox.history()

    def _stored(self, user_id: str) -> dict[str, Any] | None:
        found = self.store.client.get(f"user-{user_id}")
        return json.loads(found) if found else None

    # -- browsers

    def _use_browsers(self) -> None:
        """Look for new login cards, and let people do what the plan says with each."""
        seen, cards = 0, dict.fromkeys(range(self.plan.people), 0)
        persons = {room.uuid: number for number, room in enumerate(self.direct)}
        with ThreadPoolExecutor(16) as browsers:
            while not self._closing.wait(0.05):
                messages = self.history()
                new, seen = messages[seen:], len(messages)
                for message in new:
                    if message.person is self.bot and message.card and message.room.uuid in persons:
                        person = persons[message.room.uuid]
                        browsers.submit(self._use_card, person, cards[person], open_url(message.card))
                        cards[person] += 1

    def _use_card(self, person: int, number: int, url: str) -> None:
        decision, wait, first = self.plan.decision(person, number)
        if self.is_over:
            decision = "approve"
        elif person == 0:
            decision = "ignore"  # who floods
        if decision == "ignore" or self._closing.wait(wait):
            return
        by = self.people[(person + 1) % self.plan.people if decision == "somebody else" else person]
        address = self.sandbox.log_in(url, by, deny=decision == "deny", stop_before_redirect=True)
        if decision == "approve twice at once":
            threading.Thread(target=self._browse, args=(person, by, address, first + 1)).start()
        self._browse(person, by, address, first)

    def _browse(self, person: int, by: Person, address: str, first: int) -> None:
        """Open the redirect address; where the connection breaks, press reload, and get the other process."""
        for attempt in range(40):
            parts = urlsplit(address)._replace(netloc=self._address(first + attempt))
            begin, name = time.time(), ""
            with contextlib.suppress(requests.RequestException):
                text = requests.get(parts.geturl(), timeout=30).text
                name = (re.findall(r"\[(page_\w+)\]", text) or ["unknown"])[0]
            self.pages.append(Page(self.people[person].email, begin, time.time(), name, by.email))
            if name or self._closing.wait(0.2):
                return

    # -- what is left behind

    def records(self) -> Records:
        """Read what the run has left behind so far."""
        persons = {room.uuid: person.email for room, person in zip(self.direct, self.people, strict=True)}
        asked = [
            Asked(message.person.email, message.created.timestamp(), message.uuid, message.id, said.label,
                  said.text, is_last)
            for said, message, is_last in self.asked
        ]  # fmt: skip
        told = [
            Told(
                persons.get(one.room.uuid, ""), one.created.timestamp(),
                one.parent.uuid if one.parent else "",
                one.text or one.markdown or "", bool(one.card),
            )
            for one in self.history()
            if one.person is self.bot
        ]  # fmt: skip
        runs = self.runs.read_text().splitlines() if self.runs.exists() else []
        calls = [
            Call(call.query["email"].removeprefix("chaos-"), call.person.email if call.person else "")
            for call in list(self.sandbox.calls)
            if call.path == "/v1/people" and call.query.get("email", "").startswith("chaos-")
        ]
        stored = {person.email: self._owner(person) for person in self.people}
        logs = chain.from_iterable(one.log.read_text(errors="replace").splitlines() for one in self.processes)
        return Records(
            asked, told, list(self.pages), [Run(**json.loads(line)) for line in runs], calls,
            {email: owner for email, owner in stored.items() if owner is not None},
            [line for line in logs if "ERROR" in line],
        )  # fmt: skip

    def _owner(self, person: Person) -> str | None:
        """Whose token is stored for a person; empty: nobody's; None: there is none."""
        found = self._stored(person.id)
        if found is None:
            return None
        owner = self.sandbox.owner(found["tokens"]["access_token"])
        return owner.email if owner else ""


def _lane(fault: Fault) -> int:
    if fault.kind.startswith("store") or fault.kind == "token revoked":
        return 0
    return 2 if fault.kind.startswith("kill") else 1


class _Lane:
    """Lets faults of one kind happen one after the other, in a thread of its own."""

    def __init__(self, fail: Any) -> None:
        self._faults: queue.Queue[Fault | None] = queue.Queue()
        self._fail = fail
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def put(self, fault: Fault) -> None:
        self._faults.put(fault)

    def _work(self) -> None:
        while (fault := self._faults.get()) is not None:
            self._fail(fault)

    def close(self) -> None:
        self._faults.put(None)
        self._thread.join()
