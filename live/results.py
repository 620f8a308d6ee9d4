"""What a check found out, and the table: sentences of these files and small numbers, nothing else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import requests
from websockets.exceptions import WebSocketException

MAX_NUMBER = 10**8  # seconds of three years; no id is as short as that


class Why(Enum):
    """Why a claim does not hold or could not be checked; the only text that a result can have."""

    STATUS = "HTTP {}"
    SECONDS = "{} s"
    LIMITED = "HTTP 429, to wait {} s"
    NO_LOGIN = "nobody logged in"
    NO_EVENT = "no such event came within {} s"
    NOT_SEEN = "it did not happen"
    NO_TIME = "no time was left"
    NO_ANSWER = "no answer in time"
    NO_CONNECTION = "no connection"
    OTHER_FORM = "an answer of another form, line {} of the check's file"
    FAULT = "a fault of the check, line {} of its file"


@dataclass(frozen=True)
class Outcome:
    """What a check found out.

    Attributes:
        holds: Whether the claim holds; None if it could not be checked.
        why: Why not; None if there is nothing to say.
        number: A number for ``why``.
    """

    holds: bool | None
    why: Why | None = None
    number: int = 0

    @property
    def reason(self) -> str:
        """The sentence for ``why``; empty if there is nothing to say."""
        if not isinstance(self.why, Why):
            return ""
        is_number = type(self.number) is int and 0 <= self.number < MAX_NUMBER
        return self.why.value.format(self.number if is_number else "?")

    def __str__(self) -> str:
        if self.holds is True:
            return "holds"
        words = "does not hold" if self.holds is False else "could not be checked"
        return f"{words}: {self.reason}" if self.reason else words


class Unchecked(Exception):
    """A claim could not be checked; the arguments are those of ``Outcome``."""

    def __init__(self, why: Why, number: int = 0) -> None:
        self.outcome = Outcome(None, why, number)
        super().__init__(str(self.outcome))


Check = Callable[[Any], object]


def outcome(check: Check, webex: object) -> Outcome:
    """Run a check; an error is a claim that could not be checked, and its text is left out."""
    try:
        found = check(webex)
    except Unchecked as error:
        return error.outcome
    except (requests.Timeout, TimeoutError):
        return Outcome(None, Why.NO_ANSWER)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        return Outcome(None, Why.OTHER_FORM, _line(error))
    except (OSError, WebSocketException):  # the errors of requests are OSErrors
        return Outcome(None, Why.NO_CONNECTION)
    except Exception as error:  # noqa: BLE001 (whatever it is, the other checks run)
        return Outcome(None, Why.FAULT, _line(error))
    if isinstance(found, bool):
        return Outcome(found)
    return found if isinstance(found, Outcome) else Outcome(None, Why.FAULT)


def _line(error: Exception) -> int:
    """Return the line of the check in which an error was raised."""
    inside = error.__traceback__ and error.__traceback__.tb_next
    return inside.tb_lineno if inside else 0


def table(results: Iterable[tuple[str, Check, Outcome]]) -> str:
    """Return the results as a table in Markdown, with a line of sums above it."""
    rows = list(results)
    sums = {words: sum(one.holds is holds for *_, one in rows) for words, holds in WORDS.items()}
    claims = [f"| {topic} | {inspect.getdoc(check)} | {one} |" for topic, check, one in rows]
    heading = ", ".join(f"{count} {words}" for words, count in sums.items())
    return "\n".join([f"{heading}.", "", "| topic | claim | result |", "| --- | --- | --- |", *claims])


WORDS = {"hold": True, "do not hold": False, "could not be checked": None}
