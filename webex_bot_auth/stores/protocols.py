"""The two protocols of stores: what logins ask of the places where text is kept."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from enum import Enum
from typing import Protocol, runtime_checkable

#: a text as a store gives it back: what was written is always a ``str``
Record = str | bytes


class UserStore(Protocol):
    """One record for each user, for as long as the user is logged in."""

    def read(self, user_id: str) -> Record | None:
        """A user's record as it stands now; None: there is none."""

    def write(self, user_id: str, record: str | None) -> None:
        """Store a user's record, or delete it (None)."""

    def swap(self, user_id: str, old: Record | None, new: str | None) -> bool:
        """Store or delete a user's record, but only where it is still ``old`` (compare and set).

        Args:
            user_id: whose record
            old: what :meth:`read` gave; None: only where there is no record
            new: the new record; None deletes

        Returns:
            whether it was done
        """

    def users(self) -> Iterable[str]:
        """Ids of the users who have a record; one may come twice."""

    def refresh_lock(self, user_id: str, timeout: float) -> AbstractContextManager[bool]:
        """Keep other processes from refreshing a user's tokens while the block runs.

        Args:
            user_id: whose tokens
            timeout: maximum wait for the lock; seconds

        Returns:
            a context manager that gives True, or False: not acquired in time
        """

    def close(self) -> None:
        """Free connections and files. May be called twice."""


@runtime_checkable
class BatchStore(Protocol):
    """A user store that can do many writes in one go."""

    def batch(self) -> AbstractContextManager[None]:
        """What this thread writes within the block may be kept back until its end."""


class Missing(Enum):
    """Why there is no record to take."""

    USED = "used"
    UNKNOWN = "unknown"


class FlowStore(Protocol):
    """Short-lived texts of one bot, shared by all its processes.

    ``seconds`` is how long a text is kept from now on. Keys, owners and ids are any text; records are JSON
    objects.
    """

    def put(self, flow_id: str, record: str, *, owner: str, seconds: float, keep: int) -> None:
        """Keep a record; of one owner's records only the ``keep`` newest remain."""

    def take(self, flow_id: str, *, seconds: float) -> Record | Missing:
        """A record, once, even where several ask for it at the same moment.

        That it was used is remembered for so many seconds.
        """

    def read(self, flow_id: str) -> Record | None:
        """A record that stays; None: there is none."""

    def schedule(self, key: str, item: str, seconds: float) -> None:
        """Make an item of a schedule due in so many seconds; one that is there already gets the new time."""

    def due(self, key: str, lease: float) -> str | None:
        """An item of a schedule that is due; nobody else gets it for ``lease`` seconds."""

    def unschedule(self, key: str, item: str) -> None:
        """Take an item out of a schedule."""

    def count(self, key: str, seconds: float) -> int:
        """Count one more; the number since the first, which ends the count after so many seconds."""

    def claim(self, key: str, seconds: float) -> bool:
        """True for the first who claims this key."""

    def push(self, key: str, text: str, *, seconds: float, keep: int | None = None) -> list[Record]:
        """Append to a list; the texts that were dropped, the oldest first, to leave ``keep`` of them."""

    def take_all(
        self, *keys: str, forget: str, mark: str, leave: tuple[str, float] | None = None
    ) -> tuple[list[list[Record]], float | None]:
        """All texts of lists, each the oldest first, once; the count named by ``forget`` ends as well.

        Args:
            keys: of the lists
            forget: key of the count
            mark: key whose mark is asked for
            leave: a key to mark, and for how many seconds

        Returns:
            the texts of each list, and for how many seconds ``mark`` will be marked; None: it is not
        """

    def mark(self, key: str, seconds: float) -> None:
        """Mark a key for so many seconds from now."""

    def is_marked(self, key: str) -> bool:
        """Whether a key is marked now."""

    def drop_all(self, owner: str) -> None:
        """Drop all records of an owner; whoever wants to take one finds it unknown."""

    def pop(self, key: str, timeout: float) -> Record | None:
        """The oldest text of a list, once; None where there is none for ``timeout`` seconds."""

    def close(self) -> None:
        """Free connections and threads; wake up waiters in :meth:`pop`. May be called twice."""
