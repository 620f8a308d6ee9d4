"""Who is logged in, which logins are pending, which commands wait for them: data, no I/O."""

from __future__ import annotations

import base64
import datetime
import hashlib
from collections.abc import Iterable
from enum import Enum
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator
from wxc_sdk.tokens import Tokens

from .ground.clock import seconds_until, utc_now
from .ground.scopes import lacking


class _Record(BaseModel):
    # pydantic would quote the input, which may be tokens, in the text of its errors
    model_config = ConfigDict(hide_input_in_errors=True)


Model = TypeVar("Model", bound=BaseModel)
_set = object.__setattr__


def _shallow_copy(model: Model) -> Model:
    """Return what ``model_copy()`` does, in half the time, which counts on the hot path."""
    copy = object.__new__(type(model))
    extra, private = model.__pydantic_extra__, getattr(model, "__pydantic_private__", None)
    _set(copy, "__dict__", model.__dict__.copy())
    _set(copy, "__pydantic_fields_set__", model.__pydantic_fields_set__.copy())
    _set(copy, "__pydantic_extra__", extra and extra.copy())
    _set(copy, "__pydantic_private__", private and private.copy())
    return copy


class UserContext(_Record):
    """A user's tokens.

    Attributes:
        user_id: the person id (``personId`` of the person's messages)
        tokens: access and refresh token, with the time of their expiry and the granted scopes
        display_name: the person's name at the time of the login; None: not known, as in earlier records
        email: the person's address at the time of the login; None: not known
        login: names the login that brought the tokens; None: not known
        not_granted: scopes that this login asked for, and that Webex did not grant
    """

    user_id: str
    tokens: Tokens
    display_name: str | None = None
    email: str | None = None
    login: str | None = None
    not_granted: list[str] | None = None

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        yield "user_id", self.user_id
        yield "expires_at", self.tokens.expires_at

    def copied(self) -> UserContext:
        """A copy for the caller alone: tokens can be changed in place."""
        copy = _shallow_copy(self)
        copy.__dict__["tokens"] = _shallow_copy(self.tokens)
        return copy

    @property
    def login_ends(self) -> datetime.datetime | None:
        """When the user has to log in again; None: not known."""
        return self.tokens.refresh_token_expires_at if self.tokens.refresh_token else self.tokens.expires_at

    def with_tokens(self, tokens: Tokens) -> UserContext:
        """The same user with new tokens."""
        return self.model_copy(update={"tokens": tokens})

    def grants(self, scopes: Iterable[str]) -> bool:
        """Tell whether the granted scopes contain all of these.

        Where they are not known (data of older versions), Webex is left to decide.
        """
        return not self.lacks(scopes)

    def lacks(self, scopes: Iterable[str]) -> list[str]:
        """Return which of these scopes were not granted."""
        return [] if self.tokens.scope is None else lacking(self.tokens.scope, scopes)

    def same_tokens(self, other: UserContext | None) -> bool:
        """True if both hold the same tokens."""
        return other is not None and (
            (self.tokens.access_token, self.tokens.refresh_token)
            == (other.tokens.access_token, other.tokens.refresh_token)
        )


class RotationReport(NamedTuple):
    """What became of a store whose records were encrypted with the newest key.

    Attributes:
        changed: how many records were written again
        unreadable: places of records that could not be read, and were left as they are
    """

    changed: int
    unreadable: list[str]


class FlowState(_Record):
    """Whose a login is that has been started; all else about it is on that user's desk.

    Attributes:
        user_id: the user who asked for it
        created: when
        ended: whether it is not pending any more
    """

    user_id: str
    created: datetime.datetime = Field(default_factory=utc_now)
    ended: bool = False

    @field_validator("created", mode="before")
    @classmethod
    def _now_for_none(cls, value: Any) -> Any:
        return utc_now() if value is None else value

    def younger_than(self, seconds: float) -> bool:
        """Tell whether it was started less than so many seconds ago."""
        return -(seconds_until(self.created) or 0.0) < seconds


class Outcome(Enum):
    """How a login ended. Each has a sentence in chat and a page."""

    DONE = "done"
    REFUSED = "refused"
    WRONG_PERSON = "wrong_person"
    NO_SUCH_FLOW = "no_such_flow"
    USED = "used"
    DONE_BEFORE = "done_before"
    MALFORMED = "malformed"
    TRY_AGAIN = "try_again"
    NOT_SET_UP = "not_set_up"
    STORE_DOWN = "store_down"
    UNDER_WAY = "under_way"
    OTHER_PROCESS = "other_process"
    WRONG_METHOD = "wrong_method"


class PageFrame(NamedTuple):
    """What is around the text of a page.

    Attributes:
        lang: language of the page
        dir: ``ltr`` or ``rtl``
        bot: the bot's name
        company: whose bot it is
        logo: an image, as a data URI
        links: labels and addresses of the way back; the first is a button
    """

    lang: str = "en"
    dir: str = "ltr"
    bot: str = ""
    company: str = ""
    logo: str = ""
    links: tuple[tuple[str, str], ...] = ()


class RedirectText(str):
    """The text for the HTTP response, together with how the login ended, and whose it was."""

    __slots__ = ("heading", "next_step", "outcome", "user_id")
    outcome: Outcome
    heading: str
    next_step: str
    user_id: str | None

    def __new__(
        cls, text: str, outcome: Outcome, heading: str = "", next_step: str = "", user_id: str | None = None
    ) -> RedirectText:
        self = super().__new__(cls, text)
        self.outcome, self.heading, self.next_step, self.user_id = outcome, heading, next_step, user_id
        return self


def person_id(uuid: str) -> str:
    """The id of a person in the form that Webex's REST API uses."""
    return base64.b64encode(f"ciscospark://us/PEOPLE/{uuid}".encode()).decode().rstrip("=")


def same_person(one: str, other: str) -> bool:
    """Tell whether two ids stand for one person.

    Webex writes one person as a bare uuid or as base64 of ``ciscospark://<cluster>/PEOPLE/<uuid>``.
    """
    return one == other or person_uuid(one) == person_uuid(other)


def person_uuid(person_id: str) -> str:
    """The bare uuid in a person id; an id of any other form as it is."""
    try:
        padded = person_id + "=" * (-len(person_id) % 4)
        decoded = base64.b64decode(padded, validate=True).decode("ascii")
    except ValueError:
        return person_id
    if not decoded.startswith("ciscospark://") or "/PEOPLE/" not in decoded:
        return person_id
    return decoded.rsplit("/", 1)[-1]


def reference(secret: str) -> str:
    """A short name for the log, from which the flow id or token cannot be had."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()[:8]
