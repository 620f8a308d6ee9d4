"""Messages with files: each is handled once and for its author, whatever comes before its file is checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from support.waiting import wait_until
from webex_bot.models.command import Command

from webex_bot_auth import UserTokenMixin, requires_user_token
from webex_bot_auth.commands.handling import Handling
from webex_bot_auth.models import person_id
from webex_bot_auth.sandbox import Person
from webex_bot_auth.testing import RunningBot, WebexSandbox

#: a message, whose token the command got, and whose event
Ran = tuple[str, str, str]


class Take(UserTokenMixin, Command):  # type: ignore[misc]  # webex_bot has no types
    """Notes what it was called with.

    Attributes:
        ran: one entry for each call
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="take", help_message="Take", **kwargs)
        self.ran: list[Ran] = []

    @requires_user_token
    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        author = person_id(activity["actor"]["entryUUID"])
        self.ran.append((message.strip(), self.user_context.user_id, author))
        return f"took {message.strip()}"


@pytest.fixture
def take() -> Take:
    return Take.__new__(Take)


@pytest.fixture
def bot(cloud: WebexSandbox, take: Take) -> RunningBot:
    def made(**kwargs: Any) -> Take:
        take.__init__(**kwargs)  # type: ignore[misc]  # the sandbox gives it the token manager
        return take

    return cloud.run(made)


@pytest.fixture
def reorder(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the bot receive the events of two messages with files in another order, and changed."""
    receive, events = Handling.receive, []

    def reorder(*order: int, change: Callable[[int, Any], None] = lambda place, content: None) -> None:
        def held(self: Handling, event: Any) -> None:
            activity = event["data"].get("activity", {})
            if activity.get("verb") not in ("share", "update"):
                receive(self, event)
                return
            change(len(events), activity["object"])
            events.append(event)
            if len(events) == len(order):
                for place in order:
                    receive(self, events[place])

        monkeypatch.setattr(Handling, "receive", held)

    return reorder


def test_people_who_send_files_at_the_same_time_get_their_own_answers(
    cloud: WebexSandbox, bot: RunningBot, take: Take, reorder: Callable[..., None]
) -> None:
    alice, bob = _logged_in(cloud, bot)
    reorder(0, 2, 1, 3)  # bob sends his while hers is being checked
    _send(cloud, bot, alice, "take hers")
    _send(cloud, bot, bob, "take his")
    wait_until(lambda: len(take.ran) == 2, "two messages are handled")
    assert sorted(take.ran) == sorted([("hers", alice.id, alice.id), ("his", bob.id, bob.id)])
    wait_until(lambda: "took hers" in bot.said(alice) and "took his" in bot.said(bob), "both are answered")


@pytest.mark.parametrize("order", [(0, 2, 1, 3), (0, 2, 3, 1)], ids=["in turn", "the second first"])
def test_two_files_of_one_person_are_not_mixed_up(
    cloud: WebexSandbox, bot: RunningBot, take: Take, reorder: Callable[..., None], order: tuple[int, ...]
) -> None:
    alice, _ = _logged_in(cloud, bot)
    reorder(*order)
    _send(cloud, bot, alice, "take one")
    _send(cloud, bot, alice, "take two")
    wait_until(lambda: len(take.ran) == 2, "two messages are handled")
    assert sorted(message for message, *_ in take.ran) == ["one", "two"]


def test_without_addresses_each_message_is_handled_all_the_same(
    cloud: WebexSandbox, bot: RunningBot, take: Take, reorder: Callable[..., None]
) -> None:
    alice, _ = _logged_in(cloud, bot)
    reorder(0, 2, 1, 3, change=lambda _, content: content["files"]["items"][0].pop("url"))
    _send(cloud, bot, alice, "take one")
    _send(cloud, bot, alice, "take two")
    wait_until(lambda: len(take.ran) == 2, "two messages are handled")
    assert sorted(message for message, *_ in take.ran) == ["one", "two"]


@pytest.mark.parametrize("instead", ["it is harmful", "something else was updated"])
def test_an_event_that_lets_nothing_be_handled_leaves_other_messages_alone(
    cloud: WebexSandbox, bot: RunningBot, take: Take, reorder: Callable[..., None], instead: str
) -> None:
    alice, _ = _logged_in(cloud, bot)

    def change(place: int, content: Any) -> None:
        content["files"]["items"][0].pop("url")
        if place == 1 and instead == "it is harmful":
            content["files"]["items"][0]["malwareQuarantineState"] = "infected"
        elif place == 1:
            del content["files"]

    reorder(0, 2, 1, 3, change=change)
    _send(cloud, bot, alice, "take harmful")
    _send(cloud, bot, alice, "take harmless")
    wait_until(lambda: "took harmless" in bot.said(alice), "the harmless one is answered")
    assert [message for message, *_ in take.ran] == ["harmless"]


def _logged_in(cloud: WebexSandbox, bot: RunningBot) -> tuple[Person, Person]:
    alice, bob = cloud.add_person("Alice Adams"), cloud.add_person("Bob Brown")
    for person in (alice, bob):
        bot.log_in(person)
    return alice, bob


def _send(cloud: WebexSandbox, bot: RunningBot, person: Person, text: str) -> None:
    """Send a message with a file, as a person's app does."""
    answer = requests.post(
        f"{cloud.url}/v1/messages",
        headers={"Authorization": f"Bearer {person.token}"},
        data={"roomId": bot.direct(person).id, "text": text},
        files={"files": ("plan.txt", b"plan", "text/plain")},
        timeout=30,
    )
    answer.raise_for_status()
