"""People, spaces, and what all lists and errors have in common."""

from ..results import Outcome, Unchecked, Why
from ..webex import Webex, answered, bare, both


def trailing_slash(webex: Webex) -> Outcome:
    """`/people/me/` is the same as `/people/me`."""
    return answered(webex.bot.get("/people/me/"), 200)


def other_form(webex: Webex) -> Outcome:
    """An id of another form is answered with 404, as an unknown one is."""
    return answered(webex.bot.get("/rooms/x"), 404)


def bare_uuid(webex: Webex) -> Outcome:
    """A space is found by its bare UUID."""
    return answered(webex.bot.get(f"/rooms/{bare(webex.room)}"), 200)


def unknown_order(webex: Webex) -> Outcome:
    """A list of spaces in an order that does not exist is refused with 400."""
    return answered(webex.bot.get("/rooms", sortBy="colour"), 400)


def added_twice(webex: Webex) -> Outcome:
    """Adding somebody who is in the space already is refused with 409."""
    _ = webex.room
    return answered(webex.add(webex.room), 409)


def deleted_by_another(webex: Webex) -> Outcome:
    """Where somebody else than its maker deletes a space, that person only leaves it."""
    room = webex.new_room()
    deleted = answered(webex.person.call("DELETE", f"/rooms/{room}"), 204)
    return both(deleted, answered(webex.bot.get(f"/rooms/{room}"), 200))


def largest_page(webex: Webex) -> Outcome:
    """A list with `max=1001` is refused with 400."""
    return answered(webex.bot.get("/rooms", max=1001), 400)


def tracking_id(webex: Webex) -> bool:
    """An error repeats the header `TrackingID` in `trackingId`."""
    answer = webex.bot.get("/rooms/x")
    return bool(answer.json()["trackingId"] == answer.headers["TrackingID"])


def retry_after(webex: Webex) -> bool:
    """Each 429 says in `Retry-After` for how many seconds to wait."""
    if not webex.limited:
        raise Unchecked(Why.NOT_SEEN)
    return all(webex.limited)
