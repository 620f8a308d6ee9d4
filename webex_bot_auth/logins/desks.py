"""Desks on a store: read, change, compare and set. Sealed as a whole where there are encryption keys."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from ..errors import StoreError, StoreUnavailable, StoreUnreadable, UnknownKey
from ..models import FlowState, reference
from ..stores import FlowStore, Record, Reminder
from .desk import Desk, log_out
from .records import Records

log = logging.getLogger(__name__)

Result = TypeVar("Result")

#: the agendas: desks to tidy, commands to run, device codes to ask about, and commands that were interrupted
TIDY, RUN, POLL, INTERRUPTED = "tidy", "run", "poll", "interrupted"
#: how long a desk stays after the last end on it, as litter; seconds
LITTER_SECONDS = 24 * 60 * 60.0
#: how soon commands run where nobody is there any more to tell their author first; seconds
RUN_SECONDS = 20.0
#: tries to replace a desk that others change at the same time
MAX_SWAPS = 50
#: ids of flows: 22 characters of base64, 4 of the process and 8 of the bot; or what older versions used
_FLOW_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
_OUR_FLOW_ID = 34


class Found(NamedTuple):
    """A desk, as it was read.

    Attributes:
        desk: the desk
        now: the store's time
        stored: its bytes in the store; None: there is none, and the desk is empty
    """

    desk: Desk
    now: float
    stored: Record | None


@dataclass(eq=False, repr=False)
class Desks:
    """The desks of one bot, and the index of whose desk a flow is on.

    Attributes:
        flows: where they are kept
        records: how they are written as text
        bot: names the bot; 8 characters
        process: names the process where desks end with it; 4 characters
    """

    flows: FlowStore
    records: Records
    bot: str
    process: str

    def read(self, user_id: str) -> Found:
        """Return a person's desk as it stands now.

        Raises:
            StoreError: the store cannot be reached, or the desk cannot be read
        """
        stored, now = self.flows.read(f"desk-{user_id}")
        if stored is None:
            return Found(Desk(user_id=user_id), now, None)
        place = f"{self.flows}, desk of user {user_id}"
        try:
            desk = self.records.load(Desk, stored, bound_to=f"bot:{self.bot}:desk:{user_id}", place=place)
            if desk.user_id != user_id:
                raise StoreUnreadable(place, "the desk belongs to another user")  # noqa: TRY301 (logged below)
        except UnknownKey as error:  # sealed with a key that was taken away: what was under way is lost
            log.warning("replaced: %s", error)
            return Found(Desk(user_id=user_id), now, stored)
        except StoreUnreadable as error:
            log.error("user %s: %s", user_id, error)  # noqa: TRY400 (no traceback)
            raise
        return Found(desk, now, stored)

    def change(
        self,
        user_id: str,
        step: Callable[[Desk, float], tuple[Desk, Result]],
        *,
        remind: Collection[Reminder] = (),
    ) -> Result:
        """Put another desk in the place of the one that is there now, whatever others do meanwhile.

        Args:
            user_id: whose desk
            step: takes the desk and the store's time, and returns the new desk and a result; it is called
                again where somebody else was quicker
            remind: reminders because of the new desk; those of its first end, and of commands that were
                released, come by themselves

        Returns:
            the result of the step that counted

        Raises:
            StoreError: nothing was changed
        """
        for _ in range(MAX_SWAPS):
            found = self.read(user_id)
            desk, result = step(found.desk, found.now)
            if desk == found.desk or self._swap(found, desk, remind):
                return result
        raise StoreUnavailable(str(self.flows), f"the desk of user {user_id} changes all the time")

    def clear(self, user_id: str) -> None:
        """Take all off a desk but the cards that have to go; delete one that cannot be read by its bytes.

        Raises:
            StoreError: the store cannot be reached, and all is as it was
        """
        try:
            self.change(user_id, log_out)
        except StoreUnreadable:
            stored, _ = self.flows.read(f"desk-{user_id}")
            self.flows.swap(f"desk-{user_id}", stored, None)

    def _swap(self, found: Found, desk: Desk, remind: Collection[Reminder]) -> bool:
        user_id, first, last = desk.user_id, desk.first_end(), desk.last_end()
        new = None if last is None else self.records.dump(desk, bound_to=f"bot:{self.bot}:desk:{user_id}")
        if first is not None and first != found.desk.first_end():
            remind = [*remind, Reminder(TIDY, item(user_id), max(0.0, first - found.now))]
        if len(desk.released) > len(found.desk.released):
            remind = [*remind, Reminder(RUN, item(user_id), RUN_SECONDS)]
        seconds = LITTER_SECONDS + max(0.0, (last or 0.0) - found.now)
        if not self.flows.swap(f"desk-{user_id}", found.stored, new, seconds, remind=remind):
            return False
        for flow in found.desk.flows:
            if desk.flow(flow.id) is None:
                self.note_ended(flow.id, None)
        return True

    # -- whose flow it is

    def new_flow_id(self) -> str:
        """Return a flow id: 128 random bits (RFC 6749 section 10.10), whose process and whose bot."""
        return secrets.token_urlsafe(16) + self.process + self.bot

    def index(self, flow_id: str, user_id: str, seconds: float) -> None:
        """Note whose desk a flow is on, before it is there.

        Raises:
            StoreError: it could not be stored
        """
        state = self.records.dump(FlowState(user_id=user_id), bound_to=f"flow:{flow_id}")
        self.flows.swap(f"flow-{flow_id}", None, state, seconds)
        log.debug("flow %s started: user %s", reference(flow_id), user_id)

    def owner(self, flow_id: str, lifetime: float) -> tuple[str, bool] | None:
        """Return whose flow it is; None: nobody's, or another bot's.

        The id comes from a request. Nothing is written for it, unless an older version stored its flow.

        Args:
            flow_id: OAuth flow id
            lifetime: how long a login may take; seconds

        Returns:
            the user, and whether an older version began the flow: that is taken, and has to go onto the desk

        Raises:
            StoreError: the store cannot be reached, or the record cannot be read
        """
        if not _FLOW_ID.fullmatch(flow_id):
            return None
        is_ours = flow_id.endswith(self.bot)
        if len(flow_id) == _OUR_FLOW_ID and not is_ours:
            log.warning("flow %s is another bot's: its redirect has to come back there", reference(flow_id))
            return None
        key = f"flow-{flow_id}"
        stored, _ = self.flows.read(key)
        if stored is None:
            return None
        try:
            state = self._state(stored, flow_id)
        except StoreUnreadable:
            if is_ours:
                raise
            return None  # another application's
        if len(flow_id) == _OUR_FLOW_ID:
            return state.user_id, False
        if not state.younger_than(lifetime) or not self.flows.swap(key, stored, None):
            return None
        return state.user_id, True

    def is_of_another_process(self, flow_id: str) -> bool:
        """Tell whether a flow of this bot was begun in a process whose desks nobody else knows."""
        mark = self.process + self.bot
        return len(flow_id) == _OUR_FLOW_ID and flow_id.endswith(self.bot) and not flow_id.endswith(mark)

    def note_ended(self, flow_id: str, seconds: float | None) -> None:
        """Note that a flow is not pending any more.

        Args:
            flow_id: OAuth flow id
            seconds: for how long its page still says how it ended; None: it is forgotten
        """
        key, record = f"flow-{flow_id}", None
        try:
            stored, _ = self.flows.read(key)
            if stored is not None:
                if seconds is not None:
                    state = self._state(stored, flow_id).model_copy(update={"ended": True})
                    record = self.records.dump(state, bound_to=f"flow:{flow_id}")
                self.flows.swap(key, stored, record, seconds or 0.0)
        except StoreError as error:
            log.info("flow %s left to expire: %s", reference(flow_id), error)

    def pending_flow(self, flow_id: str, stored: Record) -> bool | None:
        """Tell whether a flow is pending; None: its index cannot be read."""
        try:
            return not self._state(stored, flow_id).ended
        except StoreUnreadable:
            return None

    def _state(self, stored: Record, flow_id: str) -> FlowState:
        place = f"flow {reference(flow_id)}"  # the id itself is a secret
        return self.records.load(FlowState, stored, bound_to=f"flow:{flow_id}", place=place)


def item(user_id: str, flow_id: str = "") -> str:
    """Return what stands on an agenda for a person, or for one of the person's logins."""
    return f"{flow_id} {user_id}"


def parts_of(item: str) -> tuple[str, str]:
    """Return the user id and the flow id (empty: none) of an item."""
    flow_id, _, user_id = item.partition(" ")
    return user_id, flow_id
