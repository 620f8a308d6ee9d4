"""Logins that are pending and the commands that wait for them, on a store of short-lived text."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from ..errors import StoreError, StoreUnreadable
from ..models import FlowState, Model, ReleasedCommands, ShownCard, WaitingCommand, reference
from ..stores import FlowStore, Missing, Record
from ..stores.memory import MemoryFlowStore
from .records import Parsed, Records, parsed

log = logging.getLogger(__name__)

#: pending logins of one user; the oldest are dropped
MAX_PENDING_FLOWS = 5
#: commands of one user that wait for the login; the oldest are dropped
MAX_WAITING_COMMANDS = 5
#: nobody else polls for a flow that is polled for; longer than a poll can take; seconds
LEASE_SECONDS = 30.0
#: how long the cloud may deliver an event again, and a bit; seconds
EVENT_SECONDS = 20 * 60.0
#: longer than the end of a login can take; how long a logout is remembered; seconds
END_SECONDS = 120.0
#: how long a login may be over before its card can be deleted at Webex, and the person is told; seconds
CARD_SECONDS = 10 * 60.0

_RELEASED = "released"
_POLLS = "schedule"
_EXPIRING = "expiring-cards"
#: what keys begin with, which end with the id of a user or flow
_WAITING, _CARDS, _SHOWN, _LOGOUT, _DONE = "waiting-", "cards-", "shown-", "logout-", "done-"
#: a count that does not exist, where none is to end
_NO_COUNT = "no-count"
#: ids of flows: 22 characters of base64 and the bot's 8, or what earlier installations used, such as UUIDs
_FLOW_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
_OUR_FLOW_ID = 30


class Taken(NamedTuple):
    """What waited for a user's login.

    Attributes:
        commands: in the order in which they were sent; a message that was edited meanwhile is there once
        cards: the login card that is in the user's space
        logged_out_ago: how many seconds ago the user has logged out; None: not of late
    """

    commands: list[WaitingCommand]
    cards: list[ShownCard]
    logged_out_ago: float | None


class Pending:
    """Flows, waiting commands and events of one bot.

    Args:
        flows: where the text is kept
        records: how models are written as text
        lifetime: how long a login may take
        bot: names the bot, as several may share a store; 8 characters

    Attributes:
        outlives_process: whether what is left here is found by the next process
    """

    def __init__(self, flows: FlowStore, records: Records, lifetime: timedelta, bot: str) -> None:
        self._flows = flows
        self._records = records
        self._bot = bot
        self.lifetime = lifetime
        self.outlives_process = not isinstance(flows, MemoryFlowStore)
        self._seconds = lifetime.total_seconds()
        self._events = MemoryFlowStore()

    # -- flows

    def start(self, flow: FlowState) -> str:
        """Keep a flow for its lifetime.

        Returns:
            the flow id: the ``state`` parameter of the flow; 128 random bits (RFC 6749 section 10.10), and
            whose flow it is
        """
        flow_id = secrets.token_urlsafe(16) + self._bot
        self.keep(flow_id, flow)
        log.debug("flow %s started: user %s", reference(flow_id), flow.user_id)
        return flow_id

    def keep(self, flow_id: str, flow: FlowState) -> None:
        """Keep a flow under an id that is there already."""
        # the store itself knows how old a record is
        record = self._records.dump(flow, bound_to=_flow_place(flow_id), without={"created"})
        self._flows.put(flow_id, record, owner=flow.user_id, seconds=self._seconds, keep=MAX_PENDING_FLOWS)

    def take(self, flow_id: str) -> FlowState | Missing:
        """A flow, once; or why there is none."""
        if not _FLOW_ID.fullmatch(flow_id):  # it comes from a request, and would become part of a key
            return Missing.UNKNOWN
        if len(flow_id) == _OUR_FLOW_ID and not flow_id.endswith(self._bot):
            log.warning("flow %s is another bot's: its redirect has to come back there", reference(flow_id))
            return Missing.UNKNOWN
        record = self._flows.take(flow_id, seconds=self._seconds)
        if isinstance(record, Missing):
            return record
        flow = self.flow_in(record, flow_id)
        return flow if flow.younger_than(self.lifetime) else Missing.UNKNOWN

    def is_done(self, flow_id: str) -> bool:
        """Whether a flow that was used has ended well."""
        return self._flows.is_marked(_DONE + flow_id)

    def is_pending(self, flow_id: str) -> bool:
        """Whether a flow can still be finished."""
        return self._flows.read(flow_id) is not None

    def poll_later(self, flow_id: str, seconds: float) -> None:
        """A flow of the device grant is due in so many seconds."""
        self._flows.schedule(_POLLS, flow_id, seconds)

    def next_due(self) -> tuple[str, FlowState] | None:
        """A flow that is due; nobody else gets it for :data:`LEASE_SECONDS`."""
        while flow_id := self._flows.due(_POLLS, LEASE_SECONDS):
            try:
                if record := self._flows.read(flow_id):
                    return flow_id, self.flow_in(record, flow_id)
                self._flows.unschedule(_POLLS, flow_id)
            except StoreUnreadable as error:  # it stops no other
                log.error("login not polled for: %s", error)  # noqa: TRY400 (no traceback)
        return None

    # -- login cards

    def show_card(self, user_id: str, message_id: str, seconds: float | None = None) -> list[ShownCard]:
        """Remember the login card that a user has now.

        Args:
            user_id: whose
            message_id: the bot's message
            seconds: until the card expires, where that is less than the lifetime

        Returns:
            the cards in whose place it is
        """
        card = ShownCard(user_id=user_id, message_id=message_id)
        self._flows.schedule(_EXPIRING, card.as_json(), min(self._seconds, seconds or self._seconds))
        return self.keep_card(card)

    def delete_card_later(self, card: ShownCard) -> None:
        """The card could not be deleted: it is due again soon."""
        self._flows.schedule(_EXPIRING, card.as_json(), LEASE_SECONDS)

    def next_due_card(self) -> ShownCard | None:
        """A card that has to go; nobody else gets it for :data:`LEASE_SECONDS`."""
        card = self._flows.due(_EXPIRING, LEASE_SECONDS)
        return None if card is None else ShownCard.from_json(card)

    def card_is_deleted(self, card: ShownCard) -> None:
        """The card is not due any more."""
        self._flows.unschedule(_EXPIRING, card.as_json())

    def end_expired(self, card: ShownCard) -> bool:
        """End the login of an expired card; False: it has ended already, or there is a newer card."""
        user_id = card.user_id
        (taken,), _ = self._flows.take_all(  # at once, as another process may ask as well
            _SHOWN + user_id, forget=_CARDS + user_id, mark=_LOGOUT + user_id
        )
        shown = [ShownCard.from_json(one) for one in taken]
        for newer in shown:
            if newer != card:
                self.keep_card(newer)
        return card in shown

    def keep_card(self, card: ShownCard) -> list[ShownCard]:
        """Remember a card that is due already; the cards in whose place it is."""
        key, seconds = _SHOWN + card.user_id, self._seconds + CARD_SECONDS
        return [
            ShownCard.from_json(one) for one in self._flows.push(key, card.as_json(), seconds=seconds, keep=1)
        ]

    # -- waiting commands

    def count_card(self, user_id: str) -> int:
        """How often a user was asked to log in within one lifetime, this time included."""
        return self._flows.count(_CARDS + user_id, self._seconds)

    def add_command(self, command: WaitingCommand) -> list[WaitingCommand]:
        """Let a command wait for its author's login.

        Returns:
            commands that wait no longer, as the user has too many
        """
        return self._commands(command.user_id, self._put_command(command))

    def remove_command(self, command: WaitingCommand) -> None:
        """Let a command wait no longer; others of its author go on waiting."""
        key, user_id = _WAITING + command.user_id, command.user_id
        try:
            (waiting,), _ = self._flows.take_all(key, forget=_NO_COUNT, mark=_LOGOUT + user_id)
            for other in self._commands(user_id, waiting):
                if other != command:
                    self._put_command(other)
        except StoreError as error:
            log.warning("command goes on waiting: user %s: %s", user_id, error)

    def _put_command(self, command: WaitingCommand) -> list[Record]:
        record = self._records.dump(command, bound_to=self._command_place(command.user_id))
        # a login that comes back in time may end a bit later; then its author is told that it did not run
        seconds, most = self._seconds + END_SECONDS, MAX_WAITING_COMMANDS
        return self._flows.push(_WAITING + command.user_id, record, seconds=seconds, keep=most)

    def take_all(self, user_id: str, *, done: str | None = None) -> Taken:
        """All that waits for a user's login, once: the login has ended, and so has the count of cards.

        Args:
            user_id: whose
            done: id of the flow that has ended well, for :meth:`is_done`
        """
        (commands, cards), remaining = self._flows.take_all(
            _WAITING + user_id,
            _SHOWN + user_id,
            forget=_CARDS + user_id,
            mark=_LOGOUT + user_id,
            leave=(_DONE + done, self._seconds) if done else None,
        )
        ago = None if remaining is None else END_SECONDS - remaining
        once = {(one.kind, one.id): one for one in self._commands(user_id, commands)}
        return Taken(list(once.values()), [ShownCard.from_json(one) for one in cards], ago)

    def end_all(self, user_id: str) -> Taken:
        """The user logs out: nothing that is pending comes back, an exchange that is in flight included."""
        self._flows.drop_all(user_id)
        self._flows.mark(_LOGOUT + user_id, END_SECONDS)  # after that: what was taken before is older
        return self.take_all(user_id)

    def release(self, user_id: str, commands: list[WaitingCommand]) -> None:
        """Hand commands to the bot's process that asks first in :meth:`next_released`."""
        released = ReleasedCommands(user_id=user_id, commands=commands)
        record = self._records.dump(released, bound_to=self._command_place(user_id))
        self._flows.push(_RELEASED, record, seconds=self._seconds)

    def next_released(self, timeout: float) -> list[WaitingCommand]:
        """One user's commands that can run now, each given out once; empty after ``timeout`` seconds."""
        record = self._flows.pop(_RELEASED, timeout)
        if record is None:
            return []
        released = parsed(record, str(self._flows))  # an encrypted record opens for its user alone
        return self._load_command(ReleasedCommands, released, str(released.get("user_id"))).commands

    # -- events

    def is_new_event(self, event_id: str) -> bool:
        """True for the first who asks in this process; asks no server."""
        return self._events.claim(event_id, EVENT_SECONDS)

    def claim_event(self, event_id: str) -> bool:
        """True for the first who asks, of all that share the store: an event is handled once."""
        try:
            return self._flows.claim(f"event-{event_id}", EVENT_SECONDS)
        except StoreError as error:
            log.warning("event not compared with those of other processes: %s", error)
            return True

    def close(self) -> None:
        """Free connections and threads; wake up waiters in :meth:`next_released`."""
        self._flows.close()

    def flow_in(self, record: Record, flow_id: str) -> FlowState:
        """The flow that a record holds."""
        place = f"flow {reference(flow_id)}"  # the id itself is a secret
        return self._records.load(FlowState, record, bound_to=_flow_place(flow_id), place=place)

    def _commands(self, user_id: str, records: Iterable[Record]) -> list[WaitingCommand]:
        """Commands from their records; one that cannot be read does not stop the others."""
        commands = []
        for record in records:
            try:
                commands.append(self._load_command(WaitingCommand, record, user_id))
            except StoreUnreadable as error:
                log.error("waiting command lost: %s", error)  # noqa: TRY400 (no traceback)
        return commands

    def _load_command(self, kind: type[Model], record: Record | Parsed, user_id: str) -> Model:
        place = f"{self._flows}, user {user_id}"
        return self._records.load(kind, record, bound_to=self._command_place(user_id), place=place)

    def _command_place(self, user_id: str) -> str:
        return f"bot:{self._bot}:interrupted:{user_id}"


def _flow_place(flow_id: str) -> str:
    return f"flow:{flow_id}"
