"""Webex as the checks see it: calls as the bot and as the person, waits for 429s, spaces made and deleted."""

from __future__ import annotations

import base64
import sys
import time
from functools import cached_property
from typing import Any

import requests

from .results import Outcome, Unchecked, Why
from .settings import Settings

Json = dict[str, Any]
TITLE = "webex-bot-auth live check"
FIELD = "application/vnd.microsoft.card.adaptive"
TIMEOUT = 15  # seconds for an answer
CHECKING, CLEANING = 260, 285  # seconds after the start until which checks run, and what they made is deleted


def body(answer: requests.Response) -> Json:
    """Return the JSON of an answer that a check builds upon.

    Raises:
        Unchecked: It is an error.
    """
    if not answer.ok:
        raise Unchecked(Why.STATUS, answer.status_code)
    found: Json = answer.json()
    return found


def answered(answer: requests.Response, status: int) -> Outcome:
    """Return whether an answer has a status; without the right or a working service, nothing is known."""
    if answer.status_code != status and (answer.status_code in (401, 403) or answer.status_code >= 500):
        raise Unchecked(Why.STATUS, answer.status_code)
    if answer.status_code == status:
        return Outcome(True)
    return Outcome(False, Why.STATUS, answer.status_code)


def both(*outcomes: Outcome) -> Outcome:
    """Return the first outcome that does not hold, or the last."""
    return next((one for one in outcomes if not one.holds), outcomes[-1])


def bare(key: str) -> str:
    """Return the UUID in an id of the REST API."""
    return base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)).decode().rpartition("/")[2]


class Caller:
    """The bot or the person; calls Webex.

    Args:
        webex: The checks' Webex.
        token: The access token.
    """

    def __init__(self, webex: Webex, token: str) -> None:
        self._webex, self.token = webex, token

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call the REST API, or another address, and return the answer; ``options`` are those of requests."""
        url = path if path.startswith("http") else f"{self._webex.settings.api}{path}"
        return self._webex.send(method, url, headers={"Authorization": f"Bearer {self.token}"}, **options)

    def get(self, path: str, **query: Any) -> requests.Response:
        """Read something."""
        return self.call("GET", path, params=query)

    def post(self, **fields: Any) -> requests.Response:
        """Post a message in the checks' space, or in ``roomId``."""
        return self.call("POST", "/messages", json={"roomId": self._webex.room, **fields})

    def edit(self, message: Json, **fields: Any) -> requests.Response:
        """Edit a message."""
        fields = {"roomId": message["roomId"], **fields}
        given = {key: value for key, value in fields.items() if value is not None}
        return self.call("PUT", f"/messages/{message['id']}", json=given)

    @cached_property
    def me(self) -> Json:
        """Who it is."""
        return body(self.get("/people/me"))


class Webex:
    """What all checks share.

    Args:
        settings: The settings.

    Attributes:
        bot: The bot.
        state: The ``state`` of the person's login.
        redirected: The query with which the login came back; empty where there was no click.
        tokens: What the token endpoint answered to the login; empty where nobody logged in.
        offer: The answer to the device login that was begun; None where none was.
        polls: The statuses of the first, the second and the last poll of the device login.
        limited: For each 429 so far, whether it said how long to wait.
    """

    def __init__(self, settings: Settings) -> None:
        self._began = time.monotonic()
        self._session = requests.Session()
        self._session.auth = lambda request: request  # otherwise ~/.netrc replaces the token
        self._rooms: list[str] = []
        self._refused: Unchecked | None = None
        self.settings = settings
        self.bot = Caller(self, settings.bot_token)
        self.state = ""
        self.redirected: Json = {}
        self.tokens: Json = {}
        self.offer: requests.Response | None = None
        self.polls: list[int] = []
        self.limited: list[bool] = []

    def left(self, until: float = CHECKING) -> float:
        """Return how many seconds are left.

        Raises:
            Unchecked: None.
        """
        if (left := self._began + until - time.monotonic()) <= 0:
            raise Unchecked(Why.NO_TIME)
        return left

    def send(self, method: str, url: str, **options: Any) -> requests.Response:
        """Send a request, again after each 429 that leaves enough time, and return the answer."""
        until = CLEANING if method == "DELETE" else CHECKING
        while True:
            timeout = min(TIMEOUT, self.left(until))
            answer = self._session.request(method, url, timeout=timeout, allow_redirects=False, **options)
            if answer.status_code != 429:
                return answer
            written = answer.headers.get("Retry-After", "")
            self.limited.append(written.isascii() and written.isdigit())
            wait = int(written) if self.limited[-1] and len(written) < 6 else 5
            if wait >= self.left(until):
                raise Unchecked(Why.LIMITED, wait)
            time.sleep(max(1, wait))

    def token_endpoint(self, **form: str) -> requests.Response:
        """Ask the token endpoint as the integration, with another secret where ``form`` has one."""
        integration = self.settings.integration
        known = {"client_id": integration.client_id, "client_secret": integration.client_secret}
        return self.send("POST", integration.token_service, data={**known, **form})

    @cached_property
    def person(self) -> Caller:
        """The person who logged in.

        Raises:
            Unchecked: Nobody did.
        """
        if "access_token" not in self.tokens:
            raise Unchecked(Why.NO_LOGIN)
        return Caller(self, self.tokens["access_token"])

    @cached_property
    def room(self) -> str:
        """The id of the checks' space, with the bot and the person in it."""
        return self.new_room()

    def new_room(self) -> str:
        """Make a space, with the bot and the person in it, and return its id.

        Raises:
            Unchecked: Webex refused that, now or earlier.
        """
        if self._refused:
            raise self._refused
        try:
            room = str(body(self.bot.call("POST", "/rooms", json={"title": TITLE}))["id"])
            self._rooms.append(room)
            if self.tokens:
                body(self.add(room))
        except Unchecked as error:
            self._refused = error  # otherwise each check would leave a space
            raise
        return room

    def add(self, room: str) -> requests.Response:
        """Add the person to a space."""
        member = {"roomId": room, "personId": self.person.me["id"]}
        return self.bot.call("POST", "/memberships", json=member)

    def close(self) -> None:
        """Delete the spaces."""
        left = 0
        for room in self._rooms:
            try:
                left += self.bot.call("DELETE", f"/rooms/{room}").status_code not in (204, 404)
            except (requests.RequestException, Unchecked):
                left += 1
        if left:
            print(
                f"{left} spaces with the title {TITLE!r} could not be deleted: delete them", file=sys.stderr
            )
        self._session.close()
