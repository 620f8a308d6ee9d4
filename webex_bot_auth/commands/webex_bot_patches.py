"""Faults of webex_bot 1.2 and 1.3, fixed on the one bot that is registered.

Each patch checks first whether the bot needs it, so that it does nothing once upstream has fixed the fault:

- Acknowledgements are sent with ``asyncio.run`` from several threads, on a connection that belongs to
  another thread's loop. Two at a time break the connection, and messages are lost.
- The display name is cleared after it was read, so in groups the mention is not removed from the message.
- Whether a person is approved is checked for messages only: anybody could press the buttons of cards.
- requests replaces the bot's token with credentials from ~/.netrc, and keeps ten connections open: with more
  threads, each further call opens one and throws it away. Some calls have no time limit.
- Messages are handled by the threads of asyncio's default executor, six on a machine with two cores, in the
  order in which they come, without any limit to how many wait.
- Nothing is deduplicated: an event that the cloud delivers twice runs its command twice.
- Files that several people send at the same time are mixed up (:mod:`webex_bot_auth.commands.shared_files`).
- The bot asks Webex twice about each message of its own before it ignores it, and fails where it is deleted.
- An exception in a handler vanishes without a trace.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from ..models import person_id
from ..service import LoginService
from ..webex.connections import Connections
from ..webex.rest import let_bot_use
from .guarded_call import CommandStopped
from .shared_files import SharedFiles
from .workers import Workers

log = logging.getLogger(__name__)

#: kinds of event about which webex_bot asks for the message; share and update tell of one with a file
MESSAGES = ("post", "share", "update")
#: where an event bears the id of its message, where that is not the event's own
MESSAGE_ID = "webex_bot_auth_message_id"


def patch_bot(bot: Any, service: LoginService, workers: int) -> None:
    """Patch a bot.

    Args:
        bot: the registered bot
        service: its token manager
        workers: messages that are handled at the same time
    """
    if _acknowledges_from_any_thread(bot):
        bot._ack_message = _acknowledge_on_own_loop(bot)
    if not bot.bot_display_name:
        _restore_display_name(bot)
    bot.on_card_action = _for_approved_people(bot, bot.on_card_action)
    _share_connections(bot, service.connections)
    handle = _handle_once(bot._process_incoming_websocket_message, service.pending.claim_event)
    bot._process_incoming_websocket_message = handle
    bot.run = _with_workers(bot, service, workers, handle)


def _with_workers(
    bot: Any, service: LoginService, count: int, handle: Callable[[Any], None]
) -> Callable[[], None]:
    run, acknowledge, files = bot.run, _acknowledge_on_own_loop(bot), SharedFiles()

    def tell(event: Any) -> None:
        actor = _activity(event).get("actor", {})
        email = actor.get("emailAddress", "")
        if actor.get("type") == "PERSON" and bot.check_user_approved(email, bot.approved_rooms):
            user_id = person_id(actor["entryUUID"])
            service.chat.tell(user_id, service.chat.texts(user_id).too_busy)

    def is_new(event: Any) -> bool:
        if _is_own_message(bot, event):
            acknowledge(event.get("id"))
            return False
        event_id, activity = _id_of(event), _activity(event)
        if event_id is not None and not service.pending.is_new_event(event_id):
            return False
        if activity.get("verb") == "share":
            files.remember(activity)
            return False
        if activity.get("verb") == "update":
            event[MESSAGE_ID] = files.message_of(activity)
        return True

    def run_with_workers() -> None:
        workers = Workers(count, handle, person_of=_person_of, is_new=is_new, tell=tell)
        _current_loop().set_default_executor(workers)  # the loop that webex_bot uses
        run()

    return run_with_workers


def _share_connections(bot: Any, connections: Connections) -> None:
    rest = getattr(getattr(bot.teams, "_session", None), "_req_session", None)
    for session in (getattr(bot, "session", None), rest):
        if session is not None:
            let_bot_use(session, connections)


def _current_loop() -> asyncio.AbstractEventLoop:
    """This thread's loop; a new one where there is none, as after ``asyncio.run()``."""
    try:
        return asyncio.get_event_loop()
    except RuntimeError:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        return loop


def _for_approved_people(bot: Any, handle: Callable[..., Any]) -> Callable[..., Any]:
    def handle_if_approved(attachment_actions: Any, activity: Any) -> Any:
        email = activity["actor"]["emailAddress"]
        if not bot.check_user_approved(user_email=email, approved_rooms=bot.approved_rooms):
            return None  # webex_bot logs it, and does not answer messages either
        return handle(attachment_actions=attachment_actions, activity=activity)

    return handle_if_approved


def _restore_display_name(bot: Any) -> None:
    """webex_bot removes the name wherever it stands in a message, so it must not be part of a keyword."""
    bot.get_me_info()
    name = bot.bot_display_name
    if any(name.lower() in (command.command_keyword or "").lower() for command in bot.commands):
        log.warning("a keyword contains the bot's name %r: mentions are not removed in groups", name)
        bot.bot_display_name = ""


def _acknowledges_from_any_thread(bot: Any) -> bool:
    code = getattr(type(bot)._ack_message, "__code__", None)
    return code is not None and {"asyncio", "run"} <= set(code.co_names)


def _acknowledge_on_own_loop(bot: Any) -> Callable[[str], None]:
    def acknowledge(message_id: str) -> None:
        connection = bot.websocket
        frame = json.dumps({"type": "ack", "messageId": message_id})
        sending: Future[None] = asyncio.run_coroutine_threadsafe(connection.send(frame), connection.loop)
        sending.add_done_callback(_report)

    return acknowledge


def _report(sending: Future[None]) -> None:
    if not sending.cancelled() and (error := sending.exception()):
        # the cloud delivers it again, and then it is not run again
        log.warning("a message was not acknowledged: %s", type(error).__name__)


def _handle_once(handle: Callable[[Any], None], claim_event: Callable[[str], bool]) -> Callable[[Any], None]:
    def handle_once(event: Any) -> None:
        event_id = _id_of(event)
        if event_id and not claim_event(event_id):
            log.info("event delivered again, not handled again: %s", event_id)
            return
        if event.get(MESSAGE_ID):
            _activity(event)["id"] = event[MESSAGE_ID]  # by which webex_bot asks for the message
        with suppress(CommandStopped):
            handle(event)

    return handle_once


def _id_of(event: Any) -> str | None:
    activity = _activity(event)
    return f"{activity.get('verb')}-{activity['id']}" if activity.get("id") else None


def _is_own_message(bot: Any, event: Any) -> bool:
    activity = _activity(event)
    actor = activity.get("actor")
    if activity.get("verb") not in MESSAGES or not isinstance(actor, dict) or actor.get("type") == "PERSON":
        return False
    return bool(actor.get("emailAddress") == bot.bot_email)


def _person_of(event: Any) -> str:
    """Whose event it is; empty where nobody is named, or it is no message."""
    actor = _activity(event).get("actor")
    return str(actor.get("entryUUID") or actor.get("id")) if isinstance(actor, dict) else ""


def _activity(event: Any) -> dict[str, Any]:
    data = event.get("data") if isinstance(event, dict) else None
    activity = data.get("activity") if isinstance(data, dict) else None
    return activity if isinstance(activity, dict) else {}
