"""The device login."""

from ..clicks import offer, poll
from ..results import Outcome, Unchecked, Why
from ..webex import Json, Webex, answered, body


def _offer(webex: Webex) -> Json:
    if webex.offer is None:
        raise Unchecked(Why.NO_LOGIN)
    return body(webex.offer)


def times(webex: Webex) -> bool:
    """A device code lives for 300 s, and may be polled every 2 s."""
    return bool((_offer(webex)["expires_in"], _offer(webex)["interval"]) == (300, 2))


def pending(webex: Webex) -> Outcome:
    """A poll before the person has decided is answered with 428."""
    return _polled(webex, 0, 428)


def too_early(webex: Webex) -> Outcome:
    """A second poll at once is answered with 400."""
    return _polled(webex, 1, 400)


def _polled(webex: Webex, number: int, status: int) -> Outcome:
    _offer(webex)
    if number >= len(webex.polls):
        raise Unchecked(Why.NO_LOGIN)
    found = webex.polls[number]
    return Outcome(found == status, Why.STATUS, found)


def used_once(webex: Webex) -> Outcome:
    """A device code that has been exchanged is refused with 400."""
    if webex.polls[2:] != [200]:
        raise Unchecked(Why.NO_LOGIN)
    return answered(poll(webex, _offer(webex)["device_code"]), 400)


def unknown_scope(webex: Webex) -> Outcome:
    """A device login with a scope that the integration does not have is refused with 400."""
    return answered(offer(webex, "spark:no_such_scope"), 400)
