"""Watches the WebexBots of this process: which message each works on, and what goes wrong."""

from __future__ import annotations

import functools
import logging
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from webex_bot.webex_bot import WebexBot
from webex_bot.websockets.webex_websocket_client import WebexWebsocketClient

from .handlings import Commands

Activity = Mapping[str, Any]

VERBS = ("post", "update", "cardAction")

#: logged for every message by a bot that is open to everybody, which is no reason not to answer
NOISE = "Your bot is open to anyone"
_watched: ContextVar[bool] = ContextVar("webex_sandbox_watched", default=False)


class Reports(Protocol):
    """Takes what bots are doing: ``Handlings``, or ``RemoteReports`` for a sandbox in another process."""

    def start(self, token: str, commands: Commands) -> None:
        """Note the commands of a bot that begins to run."""

    def begin(self, token: str, message_uuid: str) -> str:
        """Note that a bot has begun to work on a message, and return a key for ``end``."""

    def end(self, key: str, error: str, log: str) -> None:
        """Note that a bot has finished with a message, with its error if any, and what else it has logged."""


@contextmanager
def bots_watched(reports: Reports) -> Iterator[None]:
    """Watch the bots that are made within a ``with`` block.

    Args:
        reports: Where to note what they are doing.
    """
    with ExitStack() as undo:
        for kind, name, activity in (
            (WebexWebsocketClient, "_process_incoming_websocket_message", _of_event),
            (WebexBot, "process_incoming_message", _of_call),
            (WebexBot, "process_incoming_card_action", _of_call),
        ):
            _patch(undo, kind, name, _watching(getattr(kind, name), activity, reports))
        _patch(undo, WebexWebsocketClient, "run", _starting(WebexWebsocketClient.run, reports))
        yield


def _patch(undo: ExitStack, kind: type, name: str, method: Callable[..., Any]) -> None:
    undo.callback(setattr, kind, name, getattr(kind, name))
    setattr(kind, name, method)


def _starting(run: Callable[..., Any], reports: Reports) -> Callable[..., Any]:
    @functools.wraps(run)
    def starting(bot: Any, *args: Any, **named: Any) -> Any:
        reports.start(bot.access_token, _commands(bot))
        return run(bot, *args, **named)

    return starting


def _commands(bot: Any) -> Commands:
    known = {
        str(one.command_keyword): str(getattr(one, "help_message", "") or "")
        for one in getattr(bot, "commands", ())
        if getattr(one, "command_keyword", None)
    }
    return [{"keyword": keyword, "help": text} for keyword, text in sorted(known.items())]


def _of_event(event: Any) -> Activity | None:
    activity = event.get("data", {}).get("activity") if isinstance(event, dict) else None
    return activity if isinstance(activity, dict) else None


def _of_call(*_: Any, activity: Activity | None = None, **__: Any) -> Activity | None:
    return activity


def _message_uuid(activity: Activity) -> str:
    """Return the UUID of the message, or of the message with the card that was submitted."""
    is_card = activity.get("verb") == "cardAction"
    return str((activity.get("parent") or {}).get("id") if is_card else activity.get("id"))


def _watching(
    handle: Callable[..., Any], activity_of: Callable[..., Activity | None], reports: Reports
) -> Callable[..., Any]:
    @functools.wraps(handle)
    def watching(bot: Any, *args: Any, **named: Any) -> Any:
        activity = activity_of(*args, **named)
        if activity is None or not _is_to_watch(activity):
            return handle(bot, *args, **named)
        key, error = reports.begin(bot.access_token, _message_uuid(activity)), ""
        token = _watched.set(True)
        with _records() as records:
            try:
                return handle(bot, *args, **named)
            except BaseException as failure:
                # what the guard raises once it has told the person is no failure
                error = "" if getattr(failure, "is_handled", False) else _traceback(failure)
                raise
            finally:
                _watched.reset(token)
                reports.end(key, error or records.errors(), records.others())

    return watching


def _is_to_watch(activity: Activity) -> bool:
    """Return whether a person has done something, and no method around this one has noted it already."""
    is_of_person = (activity.get("actor") or {}).get("type") == "PERSON"
    return is_of_person and not _watched.get() and activity.get("verb") in VERBS


def _traceback(error: BaseException) -> str:
    report = traceback.TracebackException.from_exception(error)
    report.stack = traceback.StackSummary.from_list([one for one in report.stack if one.filename != __file__])
    return "".join(report.format())


class _Records(logging.Handler):
    """Keeps what is logged in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self._records: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self._records.append((record.levelno, self.format(record)))

    def errors(self) -> str:
        return "\n".join(text for level, text in self._records if level >= logging.ERROR)

    def others(self) -> str:
        texts = (text for level, text in self._records if level < logging.ERROR)
        return "\n".join(text for text in texts if not text.startswith(NOISE))


@contextmanager
def _records() -> Iterator[_Records]:
    records, root = _Records(), logging.getLogger()
    root.addHandler(records)
    try:
        yield records
    finally:
        root.removeHandler(records)
