"""What happens to a message of webex_bot's websocket before its command: once, in its author's queue."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from ..chat.messages import Chat
from ..errors import SettingError
from ..ground.queues import Queues
from ..ground.turn import Turn, TurnLost
from ..models import person_id
from ..webex.shared_files import SharedFiles
from .events import Events
from .failures import describe, passing_fault
from .guarded_call import CommandStopped

log = logging.getLogger(__name__)

#: kinds of event that webex_bot handles; of the first three, it asks for the message
MESSAGES = ("post", "share", "update")
VERBS = (*MESSAGES, "cardAction")
#: messages of one person, and of all people together, that wait
MAX_WAITING_OF_ONE = 100
MAX_WAITING = 2000
#: threads for what the loop itself hands over, such as looking up a host name
LOOP_THREADS = 2
#: threads that tell people that too many messages wait, as all workers may be busy then
TELLING_THREADS = 2
#: how long the look-up of a message is tried again; seconds
LOOK_UP_SECONDS = 20.0
#: where an event bears the id of its message, where that is not the event's own
_MESSAGE_ID = "webex_bot_auth_message_id"


def event_queues(workers: int) -> Queues:
    """Return queues for a bot's events, with a quarter of the workers as one person's share.

    It is small because many commands of one person may wait for the same thing, such as a slow refresh.

    Raises:
        SettingError: that is no number of workers
    """
    if not isinstance(workers, int) or workers < 1:
        raise SettingError("workers", "has to be a number of threads, at least 1")
    return Queues("events", workers, max(1, workers // 4), MAX_WAITING_OF_ONE, MAX_WAITING)


class Handling:
    """Takes a bot's events from its event loop, and hands each to webex_bot in a queue of its author.

    Args:
        bot: the registered bot; what it does with an event is replaced
        chat: tells people that their messages are too many
        events: knows which events were handled
        queues: where events wait and are handled; others may use them too
        turn: of this process among all that run the bot
        acknowledge: acknowledges an event that webex_bot is not given
    """

    def __init__(
        self, bot: Any, chat: Chat, events: Events, queues: Queues, turn: Turn,
        acknowledge: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._bot, self._chat, self._events, self._queues = bot, chat, events, queues
        self._turn = turn
        self._acknowledge = acknowledge
        self._files = SharedFiles()
        self._telling = Queues("too busy", TELLING_THREADS, waiting_of_one=1, waiting=MAX_WAITING)
        self._told: set[str] = set()  # people; until none of their messages waits
        self._stopped = threading.Event()
        self._in_hand: set[str] = set()
        self._again: dict[str, Any] = {}  # delivered again while the first delivery is in hand
        self._let_webex_bot_handle = bot._process_incoming_websocket_message
        self._run = bot.run
        bot._process_incoming_websocket_message = self.handle
        bot.run = self.run

    def run(self) -> None:
        """Run the bot, whose loop hands events to this object."""
        try:
            loop = asyncio.get_event_loop()
        except RuntimeError:  # there is none in this thread, as after asyncio.run()
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
        loop.set_default_executor(_LoopExecutor(self))
        self._run()

    def receive(self, event: Any) -> None:
        """Take an event without waiting for anything: put it into its author's queue, or drop it."""
        activity = _activity_of(event)
        verb, actor = activity.get("verb"), activity.get("actor")
        actor = actor if isinstance(actor, dict) else {}
        if verb not in VERBS or not activity.get("id"):
            return  # as webex_bot does
        if (
            verb in MESSAGES
            and actor.get("type") != "PERSON"
            and actor.get("emailAddress") == self._bot.bot_email
        ):
            self._acknowledge(event.get("id"))  # its own; webex_bot asks twice for it, and ignores it then
            return
        event_id = f"{verb}-{activity['id']}"
        if not self._events.is_new(event_id):
            if event_id in self._in_hand:  # if that one is given back, this one is handled
                self._again[event_id] = event
            return
        if verb == "share":
            self._files.remember(activity)
            return
        if verb == "update":
            event[_MESSAGE_ID] = self._files.message_of(activity)
        person = str(actor.get("entryUUID") or actor.get("id"))
        if not self._queues.submit(person, partial(self.handle, event)):
            self._told = set(filter(self._queues.waiting, self._told))
            if person not in self._told:
                self._told.add(person)
                log.warning("too many messages wait, this one is dropped: user %s", person)
                self._telling.submit(person, partial(self._tell, actor, "too_busy"))

    def handle(self, event: Any) -> None:
        """Let webex_bot handle an event, unless that was done before, or is for another process to do."""
        activity = _activity_of(event)
        event_id, actor = f"{activity.get('verb')}-{activity.get('id')}", activity.get("actor") or {}
        user_id = person_id(actor["entryUUID"]) if actor.get("type") == "PERSON" else ""
        give_back = True
        try:
            with self._turn.needed():
                if not self._events.claim(event_id, user_id):
                    log.info("event delivered again, not handled again: %s", event_id)
                    give_back = False
                    return
                if event.get(_MESSAGE_ID):
                    activity["id"] = event[_MESSAGE_ID]  # by which webex_bot asks for the message
                self._in_hand.add(event_id)
                give_back = not self._look_up_and_handle(event, actor)
        except TurnLost:
            log.warning("event left to the process that runs the bot now: %s", event_id)
            self._events.leave(event_id, user_id)
        finally:
            self._events.end(event_id, user_id, give_back=give_back)
            self._in_hand.discard(event_id)
            if (again := self._again.pop(event_id, None)) is not None and give_back:
                self.receive(again)

    def _look_up_and_handle(self, event: Any, actor: dict[str, Any]) -> bool:
        """Let webex_bot look the message up, and handle it; try that again for a while where Webex fails.

        Returns:
            False: it was not handled, and its author could not be told
        """
        give_up = time.monotonic() + LOOK_UP_SECONDS
        while True:
            try:
                with suppress(CommandStopped):
                    self._let_webex_bot_handle(event)
                return True
            except Exception as error:  # noqa: BLE001 (it is the look-up: what comes after it raises nothing)
                wait = passing_fault(error)
                if self._stopped.is_set() and wait is not None:
                    return False
                if wait is not None and time.monotonic() + wait < give_up:
                    self._stopped.wait(wait)
                    continue
                event_id = _activity_of(event).get("id")
                log.error("message %s could not be read: %s", event_id, describe(error))  # noqa: TRY400
                return self._tell(actor, "message_not_read")

    def stop(self) -> None:
        """Begin with no event any more; messages that cannot be read now are left to another delivery."""
        self._stopped.set()
        for queues in (self._queues, self._telling):
            for person, left in queues.close(0.0).items():
                log.error("%d messages not handled, as the bot stops: user %s", len(left), person)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until all that was taken is handled, for so long at most."""
        if self._queues.wait(seconds):
            self._telling.wait(seconds)

    def _tell(self, actor: dict[str, Any], text: str) -> bool:
        """Tell the author of a message what became of it; False: the author could not be told."""
        approved = self._bot.check_user_approved(actor.get("emailAddress", ""), self._bot.approved_rooms)
        if actor.get("type") != "PERSON" or not approved:
            return True
        user_id = person_id(actor["entryUUID"])
        return self._chat.tell(user_id, getattr(self._chat.texts(user_id), text))


class _LoopExecutor(ThreadPoolExecutor):
    """The executor of a bot's event loop. As before, to shut it down is to wait for the commands."""

    def __init__(self, handling: Handling) -> None:
        super().__init__(LOOP_THREADS, thread_name_prefix="webex_bot_auth-loop")
        self._handling = handling

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if function != self._handling.handle:
            return super().submit(function, *args, **kwargs)
        self._handling.receive(args[0])
        taken: Future[None] = Future()  # what comes of it is nobody's to wait for
        taken.set_result(None)
        return taken

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        super().shutdown(wait, cancel_futures=cancel_futures)
        if wait:
            self._handling.wait()


def _activity_of(event: Any) -> dict[str, Any]:
    data = event.get("data") if isinstance(event, dict) else None
    activity = data.get("activity") if isinstance(data, dict) else None
    return activity if isinstance(activity, dict) else {}
