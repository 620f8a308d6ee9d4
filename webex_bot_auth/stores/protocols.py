"""The two protocols of stores: what logins ask of the places where text is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple, Protocol

#: a text as a store gives it back: what was written is always a ``str``
Record = str | bytes


class UserStore(Protocol):
    """One record for each user, for as long as the user is logged in."""

    def read(self, user_id: str) -> Record | None:
        """Return a user's record as it stands now; None: there is none."""

    def swap(self, user_id: str, old: Record | None, new: str | None) -> bool:
        """Store or delete a user's record, but only where it is still ``old`` (compare and set).

        Args:
            user_id: whose record
            old: what :meth:`read` gave; None: only where there is no record
            new: the new record; None deletes, which has to work also where nothing can be stored

        Returns:
            whether it was done
        """

    def users(self) -> Iterable[str]:
        """Return the ids of the users who have a record; one may come twice."""

    def close(self) -> None:
        """Free connections and files. May be called twice."""


class Reminder(NamedTuple):
    """An item of an agenda that is to be due.

    Attributes:
        agenda: which agenda
        item: what to look at then
        seconds: from now; infinite: it is taken off the agenda
    """

    agenda: str
    item: str
    seconds: float


class Due(NamedTuple):
    """An item of an agenda that is due.

    Attributes:
        agenda: which agenda
        item: what to look at
        token: stands for this moment of the item; a later reminder has another one
    """

    agenda: str
    item: str
    token: str


class FlowStore(Protocol):
    """Short-lived texts of one bot, and its agendas, shared by all its processes.

    Keys and items are any text. Keys that begin with ``flow-`` or ``refresh-`` are shared by all bots of a
    store, as flows come back to any of them, and a user's tokens are refreshed by one of them.
    """

    def read(self, key: str) -> tuple[Record | None, float]:
        """Return the text (None: there is none), and the store's own time in seconds."""

    def swap(
        self,
        key: str,
        old: Record | None,
        new: str | None,
        seconds: float = 0.0,
        *,
        remind: Collection[Reminder] = (),
    ) -> bool:
        """Store or delete a text, but only where it is still ``old`` (compare and set).

        Args:
            key: where
            old: what :meth:`read` gave, or what was stored last; None: only where there is no text
            new: the new text; None deletes, which has to work also where nothing can be stored
            seconds: for how long the new text is kept
            remind: what is to be due because of the new text; noted before it, or in the same step

        Returns:
            whether it was done; reminders may have been noted in any case
        """

    def remind(self, reminder: Reminder) -> None:
        """Make an item due; one that is there already gets the new moment. Agendas do not expire."""

    def due(self, agendas: Collection[str], lease: float, timeout: float) -> Due | None:
        """Return the item of these agendas that has been due longest, and nobody else for ``lease`` seconds.

        Args:
            agendas: which agendas to look at
            lease: seconds until it is due again
            timeout: maximum wait for an item; seconds
        """

    def done(self, due: Due) -> None:
        """Take an item off its agenda, unless it was reminded of, or became due again, since."""

    def close(self) -> None:
        """Free connections and threads; end the waits in :meth:`due`. May be called twice."""
