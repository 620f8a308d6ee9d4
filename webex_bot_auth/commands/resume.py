"""Runs the commands that a login interrupted, as soon as the login is done."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ..errors import StoreError
from ..user_context.models import InterruptedCommand
from .admission import CommandStopped, resuming
from .call import ResumedCard

if TYPE_CHECKING:
    from ..user_context import TokenManager

log = logging.getLogger(__name__)

#: one look for released commands, and the wait after the store failed; seconds
LOOK_SECONDS = 1.0


class Resumer:
    """Waits for released commands in a thread of its own, until the manager is closed."""

    def __init__(self, manager: TokenManager, bot: Any) -> None:
        self._manager = manager
        self._bot = bot
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="webex_bot_auth-resume")
        self._thread = threading.Thread(target=self._wait, name="webex_bot_auth-released", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Wait for what is running; the manager has been closed."""
        self._thread.join()
        self._pool.shutdown()

    def _wait(self) -> None:
        failing = False
        while not self._manager.closed.is_set():
            try:
                command = self._manager.next_released(timeout=LOOK_SECONDS)
            except StoreError as error:
                if not failing:  # an outage is one line in the log, however long it lasts
                    log.warning("cannot look for commands to resume: %s", error)
                failing = True
                self._manager.closed.wait(LOOK_SECONDS)
                continue
            failing = False
            if command:
                self._pool.submit(self._resume, command)

    def _resume(self, command: InterruptedCommand) -> None:
        resuming.set(True)
        try:
            self._run(command)
        except CommandStopped:
            return
        except Exception:
            log.exception("command not resumed: %s of user %s", command.words, command.user_id)
            self._manager.chat.tell(
                command.user_id, self._manager.chat.texts.command_lapsed.format(command=command.words)
            )

    def _run(self, command: InterruptedCommand) -> None:
        """Once more through webex_bot, which makes its checks of who is approved again."""
        if command.kind == "message":
            message = self._bot.teams.messages.get(command.id)
            self._bot.process_incoming_message(teams_message=message, activity=command.activity)
            return
        action = self._bot.teams.attachment_actions.get(command.id)
        email = command.activity["actor"]["emailAddress"]
        # webex_bot checks this for messages only
        if self._bot.check_user_approved(user_email=email, approved_rooms=self._bot.approved_rooms):
            self._bot.process_incoming_card_action(
                attachment_actions=ResumedCard(action), activity=command.activity
            )
