"""The desk: one record of all that is under way for one person at one bot, and what can happen to it.

A login goes from *pending* (a card was sent) to *ending* (its browser is back, or its code approved) to
*done* or *failed*. A command *waits* for a login, is *released* by it, and leaves the desk when it begins.
Cards stay on the desk until they are deleted at Webex.

Every function here takes a desk and the store's time, and returns the desk that is to be in its place, with
what there is to do because of it. None changes the desk that it is given, and none asks a store: the
caller compares and sets (:mod:`webex_bot_auth.logins.desks`). Whatever is on a desk bears its end, by the
store's time in seconds.
"""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

#: pending logins of one person; the oldest are dropped
MAX_PENDING_FLOWS = 5
#: commands of one person that wait for the login; the oldest are dropped
MAX_WAITING_COMMANDS = 5
#: login cards that one person gets within the lifetime of a login
MAX_LOGIN_CARDS = 10
#: messages about commands that wait or were dropped that one person gets within that time
MAX_NOTICES = 10
#: longer than the end of a login can take: after that, its process has died; seconds
END_SECONDS = 60.0
#: how soon the agenda deletes a card that is over, where nobody else does; seconds
TIDY_SECONDS = 15.0
#: how long the deletion of a card is tried; seconds
CARD_SECONDS = 10 * 60.0
#: how long a command that was released may wait for a process that runs it; seconds
RELEASED_SECONDS = 10 * 60.0

#: time between two answers to `login` that point at the card that is there; seconds
POINT_SECONDS = 5.0

_NO_COUNTS = {"sent": 0, "notices": 0, "pointed": 0.0, "count_ends": 0.0}


#: a desk is replaced, never changed; pydantic would quote secrets in errors, and keep short ones in memory
_CONFIG = ConfigDict(frozen=True, hide_input_in_errors=True, cache_strings="none")


class _Part(BaseModel):
    model_config = _CONFIG

    #: when it was put on the desk, and when it is over
    since: float = 0.0
    ends: float = 0.0


class Flow(_Part):
    """A login.

    Attributes:
        id: OAuth flow id, the ``state`` of the redirect
        state: how far it is
        ends: of one that is ending, when its process is given up; of one that has ended, how long its page
            still knows how
        scopes: scopes that were asked for; None: the integration's own
        verifier: PKCE code verifier; None where the caller builds the address
        device_code: device grant: what to poll with
        interval: device grant: seconds between two polls
    """

    id: str = Field(repr=False)
    state: Literal["pending", "ending", "done", "failed"] = "pending"
    scopes: list[str] | None = None
    verifier: str | None = Field(default=None, repr=False)
    device_code: str | None = Field(default=None, repr=False)
    interval: float = 0.0


class LoginCard(_Part):
    """A login card in the person's 1:1 space.

    Attributes:
        message_id: the bot's message
        is_over: whether it is of no use any more, and waits for its deletion
    """

    message_id: str
    is_over: bool = False


class WaitingCommand(_Part):
    """A command that waits for its author's login, or for its turn after it.

    Only what is needed to run it is kept: the message or card action is read from Webex once more.

    Attributes:
        user_id: the author
        kind: a message, or the submit of a card
        id: message id or attachment action id
        display_name: what the person calls it
        activity: the event that brought it
        asked: scopes that were asked for because of it
    """

    user_id: str
    kind: Literal["message", "card"]
    id: str
    display_name: str
    activity: dict[str, Any] = Field(repr=False)
    asked: tuple[str, ...] = ()

    def is_same(self, other: WaitingCommand) -> bool:
        """Tell whether it is the same message, which may have been edited."""
        return (self.kind, self.id) == (other.kind, other.id)


class Desk(BaseModel):
    """All that is under way for one person.

    Attributes:
        user_id: whose desk
        flows: logins, the oldest first
        cards: login cards; at most one is of use
        waiting: commands that wait for a login, the oldest first
        released: commands that a login released and that have not begun, in their order
        sent: login cards that were delivered since ``count_ends`` was set
        notices: messages about waiting and dropped commands since then
        pointed: when the person was told last that there is a card to use
        count_ends: when these begin again
    """

    model_config = _CONFIG

    user_id: str
    flows: tuple[Flow, ...] = ()
    cards: tuple[LoginCard, ...] = ()
    waiting: tuple[WaitingCommand, ...] = ()
    released: tuple[WaitingCommand, ...] = ()
    sent: int = 0
    notices: int = 0
    pointed: float = 0.0
    count_ends: float = 0.0

    def flow(self, flow_id: str) -> Flow | None:
        """Return a login; None: it is not on the desk, so it does not count."""
        return next((flow for flow in self.flows if flow.id == flow_id), None)

    def next_command(self, now: float) -> WaitingCommand | None:
        """Return the command that runs next: released by a login, and not too late."""
        return next((one for one in self.released if one.ends > now), None)

    def has_had_enough(self, now: float) -> bool:
        """Tell whether the person gets no more login cards for now."""
        return self.sent >= MAX_LOGIN_CARDS and now < self.count_ends

    def first_end(self) -> float | None:
        """Return when there is something to tidy first; None: there is nothing on the desk.

        A login that is ending has a reminder of its own, as a logout takes it off the desk.
        """
        flows = (flow for flow in self.flows if flow.state != "ending")
        return min(self._ends(*flows), default=None)

    def last_end(self) -> float | None:
        """Return when all of it is over; None: there is nothing on the desk."""
        return max(self._ends(*self.flows), default=None)

    def _ends(self, *flows: Flow) -> list[float]:
        ends = [part.ends for part in (*flows, *self.cards, *self.waiting, *self.released)]
        return [*ends, self.count_ends] if self.sent or self.notices else ends


class Asked(NamedTuple):
    """What becomes of a desk when its person is asked to log in.

    Attributes:
        dropped: commands that wait no longer, as there are too many
        notices: how many messages about them the person has had before; see :data:`MAX_NOTICES`
    """

    dropped: tuple[WaitingCommand, ...]
    notices: int


class Finished(NamedTuple):
    """What a login lets happen.

    Attributes:
        commands: run now
        lapsed: waited for too long
    """

    commands: tuple[WaitingCommand, ...]
    lapsed: tuple[WaitingCommand, ...]


class Untidy(NamedTuple):
    """What is over on a desk.

    Attributes:
        cards: login cards to delete
        is_expired: whether one of them could have been used until now, so that its person has to be told
        lapsed: commands that did not run, of which nothing else tells their author
    """

    cards: tuple[LoginCard, ...]
    is_expired: bool
    lapsed: tuple[WaitingCommand, ...]


def ask(
    desk: Desk, now: float, *, flow: Flow | None, command: WaitingCommand | None, seconds: float
) -> tuple[Desk, Asked]:
    """Begin a login, and let a command wait for it.

    Args:
        desk: the desk
        now: the store's time
        flow: the login; None: the person has had enough cards, and the command waits for one of those
        command: waits; one that was edited takes the place of the earlier one
        seconds: how long a login may take
    """
    flows, waiting, span = desk.flows, desk.waiting, {"since": now, "ends": now + seconds}
    dropped: tuple[WaitingCommand, ...] = ()
    if flow is not None:
        pending = [one for one in flows if one.state == "pending" and one.ends > now]
        others = [one for one in flows if one.state != "pending"]
        flows = (*others, *pending[1 - MAX_PENDING_FLOWS :], flow.model_copy(update=span))
    if command is not None:
        command = command.model_copy(update=span)
        waiting = (*(one for one in waiting if not one.is_same(command)), command)
        dropped, waiting = waiting[:-MAX_WAITING_COMMANDS], waiting[-MAX_WAITING_COMMANDS:]
    if now >= desk.count_ends:
        desk = desk.model_copy(update={**_NO_COUNTS, "count_ends": now + seconds})
    notices = desk.notices
    desk = desk.model_copy(
        update={"flows": flows, "waiting": waiting, "notices": min(MAX_NOTICES, notices + len(dropped))}
    )
    return desk, Asked(dropped, notices)


def point_at_card(desk: Desk, now: float, *, is_command: bool) -> tuple[Desk, bool]:
    """Decide whether a person who has had enough cards is told that there is one to use.

    For commands that is once; a person who sends ``login`` is told each time, but for a flood.
    """
    if desk.pointed and (is_command or now - desk.pointed < POINT_SECONDS):
        return desk, False
    return desk.model_copy(update={"pointed": now}), True


def show(
    desk: Desk, now: float, *, flow_id: str | None, message_id: str | None, seconds: float
) -> tuple[Desk, None]:
    """Note that a login card was delivered: it takes the place of those that are there.

    Where its login is not pending any more, as the person was quick, the card itself is over.

    Args:
        desk: the desk
        now: the store's time
        flow_id: the login
        message_id: the bot's message; None where Webex did not say
        seconds: until the login expires
    """
    flow = desk.flow(flow_id) if flow_id else None
    is_over = flow_id is not None and (flow is None or flow.state != "pending")
    ends = now + seconds if flow is None else min(now + seconds, flow.ends)  # as what waits for it
    card = LoginCard(message_id=message_id, since=now, ends=ends) if message_id else None
    if is_over:
        cards = desk.cards if card is None else (*desk.cards, _over(card, now))
    else:
        cards = tuple(_over(one, now) for one in desk.cards)
        cards = cards if card is None else (*cards, card)
    return desk.model_copy(update={"cards": cards, "sent": desk.sent + 1}), None


def _over(card: LoginCard, now: float) -> LoginCard:
    return card if card.is_over else card.model_copy(update={"is_over": True, "ends": now + TIDY_SECONDS})


def take_back(
    desk: Desk, _: float, *, flow_id: str | None, command: WaitingCommand | None
) -> tuple[Desk, None]:
    """Undo :func:`ask`, as no card was delivered; others of the person's commands go on waiting."""
    flows = tuple(flow for flow in desk.flows if flow.id != flow_id)
    waiting = tuple(one for one in desk.waiting if command is None or not one.is_same(command))
    return desk.model_copy(update={"flows": flows, "waiting": waiting}), None


def use(desk: Desk, now: float, *, flow_id: str) -> tuple[Desk, Flow | None]:
    """Use a login up: it is ending from now on, and what waits for it does not lapse meanwhile.

    Returns:
        the login as it was before; None: it is not on the desk, or has expired
    """
    flow = desk.flow(flow_id)
    if flow is None or flow.ends <= now:
        return desk, None
    if flow.state != "pending":
        return desk, flow
    ends = now + END_SECONDS
    waiting = tuple(_until(one, ends) if one.ends > now else one for one in desk.waiting)
    cards = tuple(card if card.is_over or card.ends <= now else _until(card, ends) for card in desk.cards)
    update = {"flows": _with_flow(desk, flow, "ending", ends), "waiting": waiting, "cards": cards}
    return desk.model_copy(update=update), flow


def _until(part: Any, ends: float) -> Any:
    return part if part.ends >= ends else part.model_copy(update={"ends": ends})


def _with_flow(desk: Desk, flow: Flow, state: str, ends: float) -> tuple[Flow, ...]:
    changed = flow.model_copy(
        update={"state": state, "ends": ends, "verifier": None, "device_code": None}
        if state in ("done", "failed")
        else {"state": state, "ends": ends}
    )
    return tuple(changed if one.id == flow.id else one for one in desk.flows)


def finish(desk: Desk, now: float, *, flow_id: str, seconds: float) -> tuple[Desk, Finished | None]:
    """End a login that worked: what waits is released, and the card is over.

    Returns:
        what happens now; None: the login is not on the desk any more, as its person has logged out
    """
    flow = desk.flow(flow_id)
    if flow is not None and flow.state == "done":  # by another process, which took this one for dead
        return desk, Finished((), ())
    if flow is None or flow.state != "ending":
        return desk, None
    commands = tuple(one for one in desk.waiting if one.ends > now)
    lapsed = tuple(one for one in desk.waiting if one.ends <= now)
    released = (*desk.released, *(_until(one, now + RELEASED_SECONDS) for one in commands))
    update = {
        # longer than the reminder of its end, which looks whether the login is here
        "flows": _with_flow(desk, flow, "done", now + max(seconds, 2 * END_SECONDS)),
        "cards": tuple(_over(card, now) for card in desk.cards),
        "waiting": (),
        "released": released,
        **_NO_COUNTS,
    }
    return desk.model_copy(update=update), Finished(commands, lapsed)


def fail(desk: Desk, now: float, *, flow_id: str, give_up: bool, seconds: float) -> tuple[Desk, float | None]:
    """End a login that did not work.

    Args:
        desk: the desk
        now: the store's time
        flow_id: the login
        give_up: whether nothing waits any longer; otherwise it waits for another login
        seconds: how long the page still knows about it

    Returns:
        when it failed; None: the login is not on the desk any more
    """
    flow = desk.flow(flow_id)
    if flow is None or flow.state != "ending":
        return desk, None
    flows = _with_flow(desk, flow, "failed", now + max(seconds, 2 * END_SECONDS))
    desk = desk.model_copy(update={"flows": flows})
    return (stop_waiting(desk, now)[0] if give_up else desk), now


def stop_waiting(desk: Desk, now: float, *, before: float = math.inf) -> tuple[Desk, None]:
    """Let nothing wait for a login any longer, as its person does not want one, or cannot have one.

    Args:
        desk: the desk
        now: the store's time
        before: what was put there later waits for a login of its own
    """
    cards = tuple(_over(card, now) if card.since <= before else card for card in desk.cards)
    waiting = tuple(one for one in desk.waiting if one.since > before)
    return desk.model_copy(update={"cards": cards, "waiting": waiting, **_NO_COUNTS}), None


def slow_down(desk: Desk, _: float, *, flow_id: str, interval: float) -> tuple[Desk, None]:
    """Ask less often whether a login of the device grant was approved."""
    flows = tuple(
        flow.model_copy(update={"interval": interval}) if flow.id == flow_id else flow for flow in desk.flows
    )
    return desk.model_copy(update={"flows": flows}), None


def log_out(desk: Desk, now: float, *, before: float = math.inf) -> tuple[Desk, None]:
    """Take all off the desk but the cards that have to go: nothing that is under way counts any more.

    Args:
        desk: the desk
        now: the store's time
        before: what was put there later stays, as it was begun after the logout
    """
    cards = tuple(_over(card, now) if card.since <= before else card for card in desk.cards)
    later: dict[str, Any] = {
        "flows": tuple(flow for flow in desk.flows if flow.since > before),
        "waiting": tuple(one for one in desk.waiting if one.since > before),
        "released": tuple(one for one in desk.released if one.since > before),
    }
    return desk.model_copy(update={"cards": cards, **later, **_NO_COUNTS}), None


def begin_next(
    desk: Desk, now: float, *, only: WaitingCommand | None = None
) -> tuple[Desk, WaitingCommand | None]:
    """Take the next command off the desk that a login has released and that is not too late.

    Args:
        desk: the desk
        now: the store's time
        only: nothing is taken where another one is next
    """
    command = desk.next_command(now)
    if command is None or (only is not None and not command.is_same(only)):
        return desk, None
    rest = tuple(one for one in desk.released if one is not command)
    return desk.model_copy(update={"released": rest}), command


def untidy(desk: Desk, now: float, *, all_over: bool = False) -> Untidy:
    """Return what is over; :func:`tidied` takes it off the desk once it is done.

    Args:
        desk: the desk
        now: the store's time
        all_over: also cards that are over and that somebody may be deleting already
    """
    cards = tuple(card for card in desk.cards if card.ends <= now or (all_over and card.is_over))
    is_expired = any(not card.is_over for card in cards)
    # of commands that expire together with their card, the message about the card tells
    waiting = () if is_expired else tuple(one for one in desk.waiting if one.ends <= now)
    return Untidy(cards, is_expired, (*waiting, *(one for one in desk.released if one.ends <= now)))


def tidied(desk: Desk, now: float, *, looked: float, deleted: frozenset[str]) -> tuple[Desk, None]:
    """Take off the desk what is over, once there is nothing left to do about it.

    Args:
        desk: the desk
        now: the store's time
        looked: when :func:`untidy` was asked
        deleted: message ids of cards that are gone; the others are tried again for :data:`CARD_SECONDS`
    """
    update: dict[str, Any] = {
        "flows": tuple(flow for flow in desk.flows if flow.ends > looked or flow.state == "ending"),
        "cards": tuple(
            card
            for card in desk.cards
            if card.message_id not in deleted and card.ends + CARD_SECONDS > looked
        ),
        "waiting": tuple(one for one in desk.waiting if one.ends > looked),
        "released": tuple(one for one in desk.released if one.ends > looked),
    }
    is_expired = any(not card.is_over and card.message_id in deleted for card in desk.cards)
    if is_expired or desk.count_ends <= now:
        update |= _NO_COUNTS
    return desk.model_copy(update=update), None
