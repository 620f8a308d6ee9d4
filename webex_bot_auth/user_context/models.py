"""Who is logged in, which logins are under way, what they interrupted: data, no I/O."""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import time
from collections.abc import Iterable
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from wxc_sdk.tokens import Tokens


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def seconds_until(moment: datetime.datetime | None) -> float | None:
    """Seconds from now to a moment (negative: it is past); None where there is no moment."""
    if moment is None:
        return None
    if moment.tzinfo is None:  # written by an earlier installation
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return moment.timestamp() - time.time()


class _Record(BaseModel):
    # pydantic would quote the input, which may be tokens, in the text of its errors
    model_config = ConfigDict(hide_input_in_errors=True)


class UserContext(_Record):
    """A person's tokens.

    :ivar user_id: the person id (``personId`` of the person's messages)
    :ivar tokens: access and refresh token, with the time of their expiry and the granted scopes
    """

    user_id: str
    tokens: Tokens

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        yield "user_id", self.user_id
        yield "expires_at", self.tokens.expires_at

    def copied(self) -> UserContext:
        """One's own copy: tokens can be changed in place."""
        mine = self.__copy__()  # what model_copy() does, without its options: this is in every command's way
        mine.__dict__["tokens"] = self.tokens.__copy__()
        return mine

    def grants(self, scopes: Iterable[str]) -> bool:
        """Do the granted scopes contain all of these?

        ``spark:all`` stands for every ``spark:`` scope. Where the scopes are not known (data of earlier
        installations), Webex is left to decide.
        """
        if self.tokens.scope is None:
            return True
        granted = set(self.tokens.scope.split())
        return all(
            scope in granted or (scope.startswith("spark:") and "spark:all" in granted) for scope in scopes
        )

    def same_login(self, other: UserContext | None) -> bool:
        """Is this the very same login and refresh, or has something happened in between?"""
        return other is not None and (
            (self.tokens.access_token, self.tokens.refresh_token)
            == (other.tokens.access_token, other.tokens.refresh_token)
        )


class Renewal(BaseModel):
    """What became of a store whose records were encrypted anew.

    :ivar changed: how many records are written another way now
    :ivar unreadable: places of records that could not be read, and were left as they are
    """

    changed: int
    unreadable: list[str]


class FlowState(_Record):
    """A login that has been started and has not come back yet.

    :ivar user_id: who asked for it
    :ivar created: when
    :ivar verifier: PKCE code verifier; None where the caller builds the address
    :ivar scopes: scopes that were asked for; None: the integration's own
    :ivar device_code: device grant: what to poll with
    :ivar interval: device grant: seconds between two polls
    """

    user_id: str
    created: datetime.datetime = Field(default_factory=utc_now)
    verifier: str | None = Field(default=None, repr=False)
    scopes: list[str] | None = None
    device_code: str | None = Field(default=None, repr=False)
    interval: float | None = None

    @field_validator("created", mode="before")
    @classmethod
    def _now_for_none(cls, value: Any) -> Any:
        return utc_now() if value is None else value

    def younger_than(self, lifetime: datetime.timedelta) -> bool:
        age = -(seconds_until(self.created) or 0.0)
        return age < lifetime.total_seconds()


class NoFlow(Enum):
    """Why a flow id cannot be used."""

    USED = "used"
    UNKNOWN = "unknown"


class InterruptedCommand(_Record):
    """A command that could not run because its author was not logged in.

    Only what is needed to run it again is kept: the message or card action is read from Webex once more.

    :ivar user_id: who asked for it
    :ivar kind: a message, or the submit of a card
    :ivar id: message id or attachment action id
    :ivar words: what the person calls it
    :ivar activity: the event that brought it
    :ivar created: when
    """

    user_id: str
    kind: Literal["message", "card"]
    id: str
    words: str
    activity: dict[str, Any] = Field(repr=False)
    created: datetime.datetime = Field(default_factory=utc_now)

    def younger_than(self, lifetime: datetime.timedelta) -> bool:
        return -(seconds_until(self.created) or 0.0) < lifetime.total_seconds()


class Outcome(Enum):
    """How a login ended. Each has a sentence in chat and a page."""

    DONE = "done"
    REFUSED = "refused"
    WRONG_PERSON = "wrong_person"
    NO_SUCH_FLOW = "no_such_flow"
    USED = "used"
    MALFORMED = "malformed"
    TRY_AGAIN = "try_again"
    NOT_SET_UP = "not_set_up"
    STORE_DOWN = "store_down"
    WRONG_METHOD = "wrong_method"


class RedirectText(str):
    """The text for the HTTP response, which remembers how the login ended."""

    __slots__ = ("heading", "next_step", "outcome")
    outcome: Outcome
    heading: str
    next_step: str

    def __new__(cls, text: str, outcome: Outcome, heading: str = "", next_step: str = "") -> RedirectText:
        self = super().__new__(cls, text)
        self.outcome, self.heading, self.next_step = outcome, heading, next_step
        return self


def same_person(one: str, other: str) -> bool:
    """Do two ids stand for one person?

    Webex writes one person as a bare uuid or as base64 of ``ciscospark://<cluster>/PEOPLE/<uuid>``.
    """
    return one == other or _person_uuid(one) == _person_uuid(other)


def _person_uuid(person_id: str) -> str:
    try:
        padded = person_id + "=" * (-len(person_id) % 4)
        decoded = base64.b64decode(padded, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return person_id
    if not decoded.startswith("ciscospark://") or "/PEOPLE/" not in decoded:
        return person_id
    return decoded.rsplit("/", 1)[-1]


def reference(flow_id: str) -> str:
    """A short name of a flow for the log, from which the flow id cannot be had."""
    return hashlib.sha256(flow_id.encode("utf-8", "replace")).hexdigest()[:8]


def check_owner(user_id: str, context: UserContext | None) -> None:
    """One person's tokens are never stored as another's."""
    if context is not None and context.user_id != user_id:
        raise ValueError("user_context belongs to another user_id")
