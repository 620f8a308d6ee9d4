"""Each event is handled once, by one process; where that dies meanwhile, the author is told.

A claim is a record in the store, with a reminder for as long as its command runs. A reminder that comes due
is that of a process that died: the command is not run again, as nobody knows how far it came.
"""

from __future__ import annotations

import logging
import math
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial

from pydantic import BaseModel

from ..chat.messages import Chat
from ..errors import StoreError, StoreUnreadable
from ..ground.bounded_close import OWN_THREADS
from ..ground.queues import Queues
from ..ground.turn import Turn
from ..logins.desks import INTERRUPTED, RUN, Desks, item
from ..logins.records import Records
from ..stores import Due, FlowStore, Record, Reminder
from ..stores.agenda import LEASE_SECONDS
from ..stores.memory import MemoryFlowStore

log = logging.getLogger(__name__)

#: how long the cloud may deliver an event again, and a bit; seconds
EVENT_SECONDS = 20 * 60.0
#: between two tries to leave events to another process; seconds
LEAVE_SECONDS = 1.0
#: events that this process knows not to be new
MAX_SEEN = 20_000


class Claim(BaseModel):
    """An event that somebody handles, or has handled.

    Attributes:
        owner: names the process, so that one that was frozen changes no other one's claim
        user_id: the author; empty where nobody waits for an answer
        command_id: of a command that a login released: its message or card action
        is_done: whether it was handled
        is_left: whether it never began, as its process had lost the turn
    """

    owner: str
    user_id: str
    command_id: str | None = None
    is_done: bool = False
    is_left: bool = False


@dataclass(eq=False, repr=False)
class Events:
    """The events of one bot.

    Attributes:
        flows: where claims are kept
        records: how they are written as text
        desks: tell whether a command has begun
        chat: tells people that a command was interrupted
        messages: does so in the background
        turn: of this process among all that run the bot
    """

    flows: FlowStore
    records: Records
    desks: Desks
    chat: Chat
    messages: Queues
    turn: Turn

    def __post_init__(self) -> None:
        self._owner = secrets.token_hex(4)
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._in_hand: dict[str, str] = {}  # claims as they are stored, by event
        self._left: dict[str, str] = {}  # claims for the process that has the turn, by event
        self._leaving = threading.Lock()

    def is_new(self, event_id: str) -> bool:
        """Tell whether this process sees an event for the first time; asks no server."""
        if event_id in self._seen:
            return False
        self._seen[event_id] = None
        if len(self._seen) > MAX_SEEN:
            self._seen.popitem(last=False)
        return True

    def claim(self, event_id: str, user_id: str, command_id: str | None = None) -> bool:
        """Claim an event; False: somebody else handles it, or has done so."""
        claim = Claim(owner=self._owner, user_id=user_id, command_id=command_id)
        text = self.records.dump(claim, bound_to=f"event:{event_id}")
        swap = partial(
            self.flows.swap, f"event-{event_id}", new=text, seconds=EVENT_SECONDS,
            remind=[Reminder(INTERRUPTED, event_id, LEASE_SECONDS)],
        )  # fmt: skip
        try:
            try:
                is_claimed = swap(old=None)
            except StoreError:  # one that was switched over answers the next try; or only the answer was lost
                is_claimed = swap(old=None) or swap(old=text)
            if not is_claimed and (left := self._stored(event_id)) and left[1].is_left:
                is_claimed = swap(old=left[0])  # delivered again
        except StoreError as error:  # running a command twice is better than never running it
            log.error("%s is handled unclaimed, and is lost if this process dies: %s", event_id, error)  # noqa: TRY400
            is_claimed = True
        if is_claimed:
            self._in_hand[event_id] = text
        return is_claimed

    def end(self, event_id: str, user_id: str, *, give_back: bool = False) -> None:
        """Note that a claimed event was handled, or that it was not, so that another delivery is."""
        claim = Claim(owner=self._owner, user_id=user_id, is_done=True)
        done = self.records.dump(claim, bound_to=f"event:{event_id}")
        if give_back:
            self._seen.pop(event_id, None)
        try:
            if (text := self._in_hand.pop(event_id, None)) is not None:
                never = [Reminder(INTERRUPTED, event_id, math.inf)]
                # a store that ends with the process knows no more than this process does
                is_forgotten = give_back or isinstance(self.flows, MemoryFlowStore)
                new, key = None if is_forgotten else done, f"event-{event_id}"
                if not self.flows.swap(key, text, new, EVENT_SECONDS, remind=never):
                    self.flows.swap(key, None, new, EVENT_SECONDS)  # it could not be claimed
        except StoreError as error:
            log.warning("an event is not noted as handled: %s", error)

    def leave(self, event_id: str, user_id: str) -> None:
        """Leave an event to the process that has the turn now: as interrupted, unless it is delivered again.

        While the store is away, that is tried again: it is why the turn was lost.
        """
        claim = Claim(owner=self._owner, user_id=user_id, is_left=True)
        text = self.records.dump(claim, bound_to=f"event:{event_id}")
        with self._leaving:
            self._left[event_id] = self._in_hand.pop(event_id, text)
            if len(self._left) == 1:
                thread = threading.Thread(target=self._leave, name=f"{OWN_THREADS}-left", daemon=True)
                thread.start()

    def _leave(self) -> None:
        give_up, named = time.monotonic() + EVENT_SECONDS, set[str]()
        while True:
            for event_id, text in list(self._left.items()):
                key, remind = f"event-{event_id}", [Reminder(INTERRUPTED, event_id, LEASE_SECONDS)]
                try:
                    if self.flows.read(key)[0] is None:  # nobody has claimed it
                        self.flows.swap(key, None, text, EVENT_SECONDS, remind=remind)
                except StoreError as error:
                    if event_id not in named:  # at once, as this process may end before the store is back
                        named.add(event_id)
                        log.error("message not answered, its author not told yet: %s: %s", event_id, error)  # noqa: TRY400
                    if time.monotonic() < give_up:
                        continue
                with self._leaving:
                    del self._left[event_id]
                    if not self._left:
                        return
            time.sleep(LEAVE_SECONDS)

    # -- the agenda

    def take(self, due: Due) -> None:
        """Tell the author of a command whose process has died."""
        if due.item not in self._in_hand:
            self.messages.submit(due.item, partial(self._tell, due))

    def renew(self) -> None:
        """Keep the commands that run here from being taken for interrupted."""
        for event_id in list(self._in_hand):
            self.flows.remind(Reminder(INTERRUPTED, event_id, LEASE_SECONDS))

    def _stored(self, event_id: str) -> tuple[Record, Claim] | None:
        """Return a claim as it is stored; None: there is none that can be read."""
        stored, _ = self.flows.read(f"event-{event_id}")
        if stored is None:
            return None
        try:
            return stored, self.records.load(Claim, stored, bound_to=f"event:{event_id}", place=event_id)
        except StoreUnreadable as error:
            log.error("message not answered, and its author not told: %s", error)  # noqa: TRY400
            return None

    def _tell(self, due: Due) -> None:
        stored, claim = self._stored(due.item) or (None, None)
        if claim and not claim.is_done:  # the desk of nobody is empty
            desk = self.desks.read(claim.user_id).desk
            if claim.command_id in [command.id for command in desk.released]:  # it had not begun
                self.flows.swap(f"event-{due.item}", stored, None)
                self.flows.remind(Reminder(RUN, item(claim.user_id), 0.0))
            elif not self.turn.is_ours():
                return
            elif claim.user_id:
                log.warning("command interrupted, as its process died: user %s", claim.user_id)
                if not self.chat.tell(claim.user_id, self.chat.texts(claim.user_id).interrupted):
                    log.error("author of %s not told that it was interrupted, trying again", due.item)
                    return
        self.flows.done(due)
