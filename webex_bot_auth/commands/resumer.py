"""Runs the commands that waited for a login, as soon as the login is done."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..chat.messages import Chat
from ..errors import StoreError
from ..ground.queues import Queues
from ..ground.turn import Turn, TurnLost
from ..logins.desk import WaitingCommand, begin_next
from ..logins.desks import RUN, Desks, parts_of
from ..models import person_uuid
from ..stores import Due, FlowStore, Reminder
from ..stores.agenda import LEASE_SECONDS
from .events import Events
from .failures import passing_fault
from .guarded_call import CommandStopped, Resumed, resumed
from .handling import LOOK_UP_SECONDS
from .request import ResumedCard

log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False)
class Resumer:
    """Runs released commands: those of one person one after the other, in the queue of the person's messages.

    Attributes:
        bot: runs them
        chat: tells people about commands that cannot run
        flows: where people with commands to run are noted
        desks: where the commands are until they begin
        events: claims them, so that none runs twice
        queues: where the bot's messages are handled
        turn: of this process among all that run the bot
    """

    bot: Any
    chat: Chat
    flows: FlowStore
    desks: Desks
    events: Events
    queues: Queues
    turn: Turn

    def __post_init__(self) -> None:
        self._changing = threading.Lock()
        self._in_hand: set[str] = set()  # items of people whose commands run here
        self._stopped = False

    def take(self, due: Due) -> None:
        """Run a person's commands in the background; what does not begin stays on the desk."""
        with self._changing:
            if due.item in self._in_hand or self._stopped:
                return
            self._in_hand.add(due.item)
        if not self.queues.submit(person_uuid(parts_of(due.item)[0]), partial(self._run_all, due)):
            self._let_go(due)

    def renew(self) -> None:
        """Keep other processes from running a person's commands at the same time."""
        for item in list(self._in_hand):
            self.flows.remind(Reminder(RUN, item, LEASE_SECONDS))

    def stop(self) -> None:
        """Begin no more commands; those that run are left to end, as webex_bot leaves them.

        The others are due at once, for another process or :meth:`tell_lapsed`; so the agenda is closed first.
        """
        self._stopped = True
        try:
            for item in list(self._in_hand):
                self.flows.remind(Reminder(RUN, item, 0.0))
        except StoreError as error:
            log.warning("commands run later: %s", error)

    def tell_lapsed(self) -> None:
        """Tell people about commands that end with this process, as their desks do."""
        while due := self.flows.due([RUN], LEASE_SECONDS, 0.0):
            user_id, _ = parts_of(due.item)
            for command in self.desks.read(user_id).desk.released:
                self.chat.tell_lapsed(command)

    def _let_go(self, due: Due) -> None:
        with self._changing:
            self._in_hand.discard(due.item)

    def _run_all(self, due: Due) -> None:
        user_id, _ = parts_of(due.item)
        try:
            desk, now, _ = self.desks.read(user_id)
            while (command := desk.next_command(now)) and not self._stopped:
                with self.turn.needed():
                    if not self._run(command):
                        return
                desk, now, _ = self.desks.read(user_id)
            if command is None and not any(flow.state == "ending" for flow in desk.flows):
                self.flows.done(due)  # else what is about to be released would be forgotten
        except TurnLost:
            log.warning("commands left to the process that runs the bot now: user %s", user_id)
        except StoreError as error:
            log.warning("commands run later: user %s: %s", user_id, error)
        finally:
            self._let_go(due)

    def _run(self, command: WaitingCommand) -> bool:
        """Run the next command of a person; False: somebody else does so.

        It is claimed before it leaves the desk, so that in between, a process that dies loses nothing.
        """
        event_id = f"run-{command.id}-{command.since}"
        if not self.events.claim(event_id, command.user_id, command.id):
            return False
        if self.desks.change(command.user_id, partial(begin_next, only=command)) is None:
            self.events.end(event_id, command.user_id, give_back=True)  # too late, or there was a logout
            return True
        try:
            self._handle(command)
        except TurnLost:
            self.events.leave(event_id, command.user_id)
            raise
        finally:
            self.events.end(event_id, command.user_id)
        return True

    def _handle(self, command: WaitingCommand) -> None:
        """Once more through webex_bot, with its checks of who is approved."""
        state = Resumed(asked=command.asked)
        resumed.set(state)
        try:
            # webex_bot itself checks this for messages only, and tells nobody
            is_approved = self.bot.check_user_approved(
                user_email=command.activity["actor"]["emailAddress"], approved_rooms=self.bot.approved_rooms
            )
            if is_approved and command.kind == "message":
                message = _look_up(self.bot.teams.messages, command.id)
                self.bot.on_message(teams_message=message, activity=command.activity)
            elif is_approved:
                action = _look_up(self.bot.teams.attachment_actions, command.id)
                self.bot.on_card_action(attachment_actions=ResumedCard(action), activity=command.activity)
        except CommandStopped:
            return
        except Exception:  # the end of the thread: its author would wait for ever
            log.exception("command not resumed: %s of user %s", command.display_name, command.user_id)
            is_approved = state.ran  # only its answer was not posted: sent again, it would run twice
        finally:
            resumed.set(None)
        if not is_approved:
            log.info("command not resumed, as it failed or its author is not approved: %s", command.user_id)
            self.chat.tell_lapsed(command)


def _look_up(endpoint: Any, message_id: str) -> Any:
    """Read a message or card action from Webex; try it again for a while where Webex fails in passing."""
    give_up = time.monotonic() + LOOK_UP_SECONDS
    while True:
        try:
            return endpoint.get(message_id)
        except Exception as error:
            wait = passing_fault(error)
            if wait is None or time.monotonic() + wait > give_up:
                raise
            time.sleep(wait)
