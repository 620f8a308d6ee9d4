"""Which message a file belongs to that Webex has checked.

A message with a file comes as two events: ``share``, whose id is the message's, and ``update``, once the file
has been checked. webex_bot takes the second one for the latest ``share`` of anybody: where two people
send files at the same time, one message is handled twice, once for the wrong person, and the other one never.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

Activity = dict[str, Any]

#: files that are remembered until they have been checked; for one that is harmful, that event never comes
MAX_REMEMBERED = 1_000


class _Share(NamedTuple):
    sender: tuple[Any, Any]
    addresses: list[Any]


class SharedFiles:
    """Remembers the messages whose files are being checked, of events in the order in which they come."""

    def __init__(self) -> None:
        self._shares: OrderedDict[str, _Share] = OrderedDict()  # by the id of the message

    def remember(self, activity: Activity) -> None:
        """Remember a message whose file is being checked."""
        self._shares[str(activity.get("id"))] = _share(activity)
        if len(self._shares) > MAX_REMEMBERED:
            self._shares.popitem(last=False)

    def message_of(self, activity: Activity) -> str | None:
        """The id of the message whose file has been checked; None: it is not known, or the file is not safe.

        It is the message with this very file, or else the latest one of this sender in this space.
        """
        if {_field(one, "malwareQuarantineState") for one in _files(activity)} != {"safe"}:
            return None  # webex_bot does nothing, either
        checked, latest = _share(activity), list(reversed(self._shares.items()))
        same_file = [key for key, one in latest if one.addresses and one.addresses == checked.addresses]
        same_sender = [key for key, one in latest if one.sender == checked.sender]
        message_id = next(iter(same_file + same_sender), None)
        if message_id is not None:
            del self._shares[message_id]
        return message_id


def _share(activity: Activity) -> _Share:
    sender = _field(activity.get("target"), "id"), _field(activity.get("actor"), "entryUUID")
    return _Share(sender, [url for one in _files(activity) if (url := _field(one, "url"))])


def _files(activity: Activity) -> list[Any]:
    return _field(_field(activity.get("object"), "files"), "items") or []


def _field(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, dict) else None
