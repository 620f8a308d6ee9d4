"""Runs the commands that a login interrupted, as soon as the login is done."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ..user_context.models import InterruptedCommand
from .admission import CommandStopped, Resumed, resuming
from .call import ResumedCard

if TYPE_CHECKING:
    from ..user_context import TokenManager

log = logging.getLogger(__name__)

#: commands that run at the same time
AT_ONCE = 4
#: one look for released commands, and the wait after the store failed; seconds
LOOK_SECONDS = 1.0
#: so long the store may take to answer while we stop; seconds
STORE_SECONDS = 5.0


class Resumer:
    """Waits for released commands in a thread of its own, until it is stopped."""

    def __init__(self, manager: TokenManager, bot: Any) -> None:
        self._manager = manager
        self._bot = bot
        self._pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="webex_bot_auth-resume")
        self._free = threading.Semaphore(AT_ONCE)
        self._failing = False
        self._thread = threading.Thread(target=self._wait, name="webex_bot_auth-released", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Start no more commands; those that run are left to end, as webex_bot leaves them."""
        self._thread.join(timeout=2 * LOOK_SECONDS + STORE_SECONDS)
        self._pool.shutdown(wait=False)

    def _wait(self) -> None:
        while not self._manager.closed.is_set():
            # a command that nobody is free for stays in the store: if we stop, the next process runs it
            if not self._free.acquire(timeout=LOOK_SECONDS):
                continue
            if command := self._next():
                self._pool.submit(self._resume, command).add_done_callback(lambda _: self._free.release())
            else:
                self._free.release()

    def _next(self) -> InterruptedCommand | None:
        try:
            command = self._manager.next_released(timeout=LOOK_SECONDS)
        except Exception as error:  # noqa: BLE001 (whatever it is, the next command shall run)
            if not self._failing:  # an outage is one line in the log, however long it lasts
                log.warning("cannot look for commands to resume: %s", error)
            self._failing = True
            self._manager.closed.wait(LOOK_SECONDS)
            return None
        self._failing = False
        return command

    def _resume(self, command: InterruptedCommand) -> None:
        resumed = Resumed()
        resuming.set(resumed)
        try:
            handled = self._run(command)
        except CommandStopped:
            return
        except Exception:  # the end of the thread: its author would wait for ever
            log.exception("command not resumed: %s of user %s", command.words, command.user_id)
            handled = resumed.ran  # only its answer was not posted: to send it again would run it twice
        if not handled:
            self._manager.chat.tell_lapsed(command)

    def _run(self, command: InterruptedCommand) -> bool:
        """Once more through webex_bot, with its checks of who is approved.

        :return: False: it came too late, or its author is not approved any more
        """
        email = command.activity["actor"]["emailAddress"]
        # webex_bot itself checks this for messages only, and says nothing
        if not command.younger_than(self._manager.flow_lifetime) or not self._bot.check_user_approved(
            user_email=email, approved_rooms=self._bot.approved_rooms
        ):
            log.info("command not resumed, too late or not approved: user %s", command.user_id)
            return False
        if command.kind == "message":
            message = self._bot.teams.messages.get(command.id)
            self._bot.on_message(teams_message=message, activity=command.activity)
        else:
            action = self._bot.teams.attachment_actions.get(command.id)
            self._bot.on_card_action(attachment_actions=ResumedCard(action), activity=command.activity)
        return True
