"""Runs the commands that waited for a login, as soon as the login is done."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..ground.background_loop import BackgroundLoop
from ..models import WaitingCommand
from ..service import LoginService
from .guarded_call import CommandStopped, Resumed, resumed
from .request import ResumedCard

log = logging.getLogger(__name__)

#: users whose commands run at the same time
AT_ONCE = 4
#: one look for released commands, and the wait after the store failed; seconds
LOOK_SECONDS = 1.0


class Resumer:
    """Waits for released commands in a thread of its own, until it is stopped.

    Args:
        service: releases them
        bot: runs them
    """

    def __init__(self, service: LoginService, bot: Any) -> None:
        self._service = service
        self._bot = bot
        self._stopped = False
        self._pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="webex_bot_auth-resume")
        self._free = threading.Semaphore(AT_ONCE)
        self._loop = BackgroundLoop("commands to resume", self._look, LOOK_SECONDS)
        self._loop.start()

    def request_stop(self) -> None:
        """Start no more commands."""
        self._stopped = True

    def stop(self) -> None:
        """Start no more commands; those that run are left to end, as webex_bot leaves them."""
        self.request_stop()
        self._loop.close()
        pending = self._service.pending
        while not pending.outlives_process and (commands := pending.next_released(timeout=0)):
            self._hand_over(commands)
        self._pool.shutdown(wait=False)

    def _look(self) -> bool:
        # without a free thread, commands stay in the store: if we stop, the next process runs them
        if self._stopped or not self._free.acquire(timeout=LOOK_SECONDS):
            return not self._stopped
        commands = None
        try:
            if commands := self._service.pending.next_released(timeout=LOOK_SECONDS):
                self._pool.submit(self._run_all, commands).add_done_callback(lambda _: self._free.release())
        except RuntimeError:  # the interpreter ends, and nobody has called stop()
            if not commands:
                raise
            self._hand_over(commands)
            commands = None
            self.request_stop()
        finally:
            if not commands:
                self._free.release()
        return not self._stopped

    def _run_all(self, commands: list[WaitingCommand]) -> None:
        """One user's commands, one after the other."""
        for position, command in enumerate(commands):
            if self._stopped and position:
                self._hand_over(commands[position:])
                return
            try:
                self._run(command)
            except BaseException:  # whatever it is, the next command is to run
                log.exception("command not resumed: user %s", command.user_id)

    def _hand_over(self, commands: list[WaitingCommand]) -> None:
        """Leave commands that have not begun to the next process, or else tell their author."""
        user_id, pending = commands[0].user_id, self._service.pending
        try:
            if pending.outlives_process:
                pending.release(user_id, commands)
                log.info("commands left to the next process: user %s", user_id)
            else:
                for command in commands:
                    self._service.chat.tell_lapsed(command)
        except Exception:  # the end of the thread: what is not logged here vanishes
            log.exception("commands not resumed: user %s", user_id)

    def _run(self, command: WaitingCommand) -> None:
        state = Resumed()
        resumed.set(state)
        try:
            handled = self._handle(command)
        except CommandStopped:
            return
        except Exception:  # the end of the thread: its author would wait for ever
            log.exception("command not resumed: %s of user %s", command.display_name, command.user_id)
            handled = state.ran  # only its answer was not posted: sent again, it would run twice
        if not handled:
            self._service.chat.tell_lapsed(command)

    def _handle(self, command: WaitingCommand) -> bool:
        """Once more through webex_bot, with its checks of who is approved.

        Returns:
            False: it is too late, or the author is not approved any more
        """
        email = command.activity["actor"]["emailAddress"]
        # webex_bot itself checks this for messages only, and tells nobody
        if not command.younger_than(self._service.pending.lifetime) or not self._bot.check_user_approved(
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
