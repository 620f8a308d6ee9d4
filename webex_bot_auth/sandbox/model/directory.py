"""All people and bots of the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import ids
from .activities import State
from .errors import WebexError
from .people import Person, email_from


class Directory:
    """All people and bots.

    Args:
        state: The lock and the clock.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._people: dict[str, Person] = {}

    def add(
        self,
        name: str,
        *,
        email: str | None = None,
        is_bot: bool = False,
        admin: bool = False,
        token: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> Person:
        """Add a person or bot.

        Args:
            name: The display name.
            email: The email address; None to make one from the name.
            is_bot: True for a bot.
            admin: True for an administrator.
            token: The bot token or the person's own access token; empty to make one.
            details: Further fields of the REST API.

        Raises:
            ValueError: The email address is taken.
        """
        with self._state.changed:
            if email and self.find(email):
                raise ValueError(f"{email} is taken")
            address = (email or self._free_email(name, is_bot)).lower()
            now, value = self._state.clock.now_utc(), token or ids.new_token()
            person = Person(ids.new_uuid(), address, name, is_bot, admin, now, value, details or {})
            self._people[person.uuid] = person
            self._state.notify()
        return person

    def _free_email(self, name: str, is_bot: bool) -> str:
        email, number = email_from(name, is_bot), 1
        while self.find(email):
            number += 1
            email = email_from(f"{name} {number}", is_bot)
        return email

    def all(self) -> list[Person]:
        """Return all people and bots, in the order they were added."""
        with self._state.changed:
            return list(self._people.values())

    def find(self, key: str) -> Person | None:
        """Return the person with this ID (in either form) or email address; None if there is none."""
        with self._state.changed:
            if "@" in key:
                return next((one for one in self._people.values() if one.email == key.lower()), None)
            return self._people.get(ids.bare_uuid("PEOPLE", key))

    def get(self, key: str) -> Person:
        """Return the person with this ID or email address.

        Raises:
            WebexError: 404, there is no such person.
        """
        person = self.find(key)
        if person is None:
            raise WebexError(404, "Could not find a person with that id or email address.")
        return person

    def remove(self, person: Person) -> None:
        """Remove a person."""
        with self._state.changed:
            del self._people[person.uuid]
            self._state.notify()
