"""Faults of webex_bot 1.2 and 1.3, fixed on the one bot that is registered.

Each patch checks first whether the bot needs it, so that it does nothing once upstream has fixed the fault:

- Acknowledgements are sent with ``asyncio.run`` from several threads, on a connection that belongs to
  another thread's loop. Two at a time break the connection, and messages are lost.
- The display name is cleared after it was read, so in groups the mention is not removed from the message;
  with the name there, it would be removed from other words as well.
- Whether a person is approved is checked for messages only: anybody could press the buttons of cards.
- requests replaces the bot's token with credentials from ~/.netrc, and keeps ten connections open: with more
  threads, each further call opens one and throws it away. Some calls have no time limit.
- Messages are handled by the threads of asyncio's default executor, six on a machine with two cores, in the
  order in which they come, without any limit to how many wait; nothing is deduplicated; files that several
  people send at the same time are mixed up (:mod:`webex_bot_auth.commands.handling`).
- The bot asks Webex twice about each message of its own before it ignores it, and fails where it is deleted.
- A message whose id Webex does not tell at the moment is dropped, with a warning at most.
- An exception in a handler vanishes without a trace, and its author reads nothing; what is to be private in a
  group is sent with the group's thread, and Webex refuses it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from typing import Any

import requests

from ..chat.mentions import without_mentions
from ..errors import LoginRequired
from ..ground.queues import Queues
from ..ground.turn import Turn, TurnLost
from ..service import LoginService
from ..signals import Announcer, answer_not_posted
from ..webex.bounded_http import let_use
from ..webex.connections import Connections
from ..webex.rest import OF_BOTS
from .account import AccountCommand
from .events import Events
from .failures import report
from .guarded_call import CommandStopped, answer_login_required
from .handling import Handling
from .request import Request, original

log = logging.getLogger(__name__)

#: what people write around the keyword of an account command, as after a mention or in quotes
_BEFORE_KEYWORD = " :,;\"'`“„«\n\t\N{NO-BREAK SPACE}"
_BEHIND_KEYWORD = " .!?…,;:\"'`”“»\n\t\N{NO-BREAK SPACE}"


def patch_bot(bot: Any, service: LoginService, events: Events, queues: Queues, turn: Turn) -> Handling:
    """Patch a bot, and return what handles its events.

    Args:
        bot: the registered bot
        service: its token manager
        events: knows which events were handled
        queues: where its messages are handled
        turn: of this process among all that run the bot
    """
    acknowledge = _acknowledge_on_own_loop(bot)
    code = getattr(type(bot)._ack_message, "__code__", None)
    if code is not None and {"asyncio", "run"} <= set(code.co_names):
        bot._ack_message = acknowledge
    bot.process_raw_command = _without_mentions(bot, bot.process_raw_command)
    bot.on_card_action = _answering(bot, service, _for_approved_people(bot, bot.on_card_action))
    bot.on_message = _answering(bot, service, bot.on_message)
    bot.send_message_to_room_or_person = _private_where_asked(bot, bot.send_message_to_room_or_person)
    _share_connections(bot, service.connections)
    _raise_where_look_ups_fail(bot)
    return Handling(bot, service.chat, events, queues, turn, acknowledge)


def _answering(bot: Any, service: LoginService, handle: Callable[..., Any]) -> Callable[..., Any]:
    """Let a message end in a sentence where a command, or the posting of its answer, raises anything."""

    def answer_in_any_case(*, activity: Any, **given: Any) -> Any:
        try:
            return handle(activity=activity, **given)
        except (CommandStopped, TurnLost, KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 (whatever it is)
            (asked,) = given.values()
            request, texts = Request(None, original(asked), activity), service.chat.texts(asked.personId)
            if isinstance(error, LoginRequired):  # out of a generator
                text = answer_login_required(service, request, error, str(getattr(asked, "text", ""))[:40])
            else:
                Announcer(service).send(answer_not_posted, user_id=request.user_id, error=error)
                text = texts.command_failed.format(
                    reference=report("its answer was not posted, or it", error)
                )
            if text is None:
                return None
            parent = activity.get("parent") or {}
            thread = parent.get("id") if parent.get("type") == "reply" else activity.get("id")
            try:
                bot.teams.messages.create(roomId=asked.roomId, parentId=thread, text=text)
            except Exception:  # noqa: BLE001 (the thread may be what Webex refuses)
                if not service.chat.tell(request.user_id, text):
                    log.error("user %s was told nothing about message %s", request.user_id, asked.id)  # noqa: TRY400
            return None

    return answer_in_any_case


def _private_where_asked(bot: Any, send: Callable[..., Any]) -> Callable[..., Any]:
    """Send what is to be private in a group without the group's thread, of which the 1:1 space has none."""

    def send_privately(
        user_email: str, room_id: str, one_to_one: bool, is_direct: bool, reply: str, thread: Any
    ) -> Any:
        if not one_to_one or is_direct:
            return send(user_email, room_id, one_to_one, is_direct, reply, thread)
        sent = bot.teams.messages.create(toPersonEmail=user_email, markdown=reply)
        heads_up = f"{user_email} I've messaged you 1-1. Please reply to me there."
        bot.teams.messages.create(roomId=room_id, parentId=thread if bot.threads else None, text=heads_up)
        return sent.id

    return send_privately


def _share_connections(bot: Any, connections: Connections) -> None:
    """Let the bot's sessions use open connections, with time limits; they go by the bot's own proxies."""
    rest = getattr(getattr(bot.teams, "_session", None), "_req_session", None)
    for session in (getattr(bot, "session", None), rest):
        if session is not None:
            let_use(session, connections, OF_BOTS, is_bots=True)


def _raise_where_look_ups_fail(bot: Any) -> None:
    """Raise where Webex does not tell a message's id at the moment, so that it is asked again."""
    find, is_looking_up = bot._get_base64_message_id, ContextVar("webex_bot_auth_looking_up", default=False)

    def find_or_raise(activity: Any) -> Any:
        token = is_looking_up.set(True)
        try:
            return find(activity)
        finally:
            is_looking_up.reset(token)

    def check(answer: requests.Response, **_: Any) -> None:
        if is_looking_up.get() and (answer.status_code == 429 or answer.status_code >= 500):
            answer.raise_for_status()

    bot._get_base64_message_id = find_or_raise
    bot.session.hooks["response"].append(check)


def _for_approved_people(bot: Any, handle: Callable[..., Any]) -> Callable[..., Any]:
    def handle_if_approved(attachment_actions: Any, activity: Any) -> Any:
        email = activity["actor"]["emailAddress"]
        if not bot.check_user_approved(user_email=email, approved_rooms=bot.approved_rooms):
            return None  # webex_bot logs it, and does not answer messages either
        return handle(attachment_actions=attachment_actions, activity=activity)

    return handle_if_approved


def _without_mentions(bot: Any, process: Callable[..., Any]) -> Callable[..., Any]:
    """Take the mention of the bot out of what commands get in a group, and what is around ``login``."""
    me = bot.get_me_info()
    bot.bot_display_name = ""

    def process_without_mentions(
        raw_message: Any, teams_message: Any, user_email: Any, activity: Any, **given: Any
    ) -> Any:
        text = getattr(teams_message, "text", None) or ""
        if not hasattr(teams_message, "inputs") and raw_message and raw_message.strip() == text.strip():
            is_group = "ONE_ON_ONE" not in activity["target"]["tags"]
            rest = without_mentions(
                raw_message, getattr(teams_message, "html", None), me.id, me.displayName
            ).strip()
            bare = rest.lstrip(_BEFORE_KEYWORD).rstrip(_BEHIND_KEYWORD).lower()
            if any(isinstance(one, AccountCommand) and one.command_keyword == bare for one in bot.commands):
                raw_message = bare
            # the words of the mention may be all that names a command, and then stay as well
            elif is_group and (_names_command(bot, rest) or not _names_command(bot, raw_message)):
                raw_message = rest
        return process(raw_message, teams_message, user_email, activity, **given)

    return process_without_mentions


def _names_command(bot: Any, text: str) -> bool:
    """Tell whether webex_bot finds a command for a text."""
    text = text.lower()
    return any(
        command.command_keyword in text
        if command.command_keyword and not command.exact_command_keyword_match
        else text == (command.command_keyword or command.card_callback_keyword)
        for command in bot.commands
    )


def _acknowledge_on_own_loop(bot: Any) -> Callable[[str], None]:
    def acknowledge(message_id: str) -> None:
        connection = bot.websocket
        frame = json.dumps({"type": "ack", "messageId": message_id})
        try:
            sending: Future[None] = asyncio.run_coroutine_threadsafe(connection.send(frame), connection.loop)
        except (AttributeError, RuntimeError) as error:  # there is no connection at the moment
            log.warning("a message was not acknowledged: %s", type(error).__name__)
        else:
            sending.add_done_callback(_report)

    return acknowledge


def _report(sending: Future[None]) -> None:
    if not sending.cancelled() and (error := sending.exception()):
        # the cloud delivers it again, and then it is not run again
        log.warning("a message was not acknowledged: %s", type(error).__name__)
