"""Teams, and who is in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from . import ids
from .activities import State
from .errors import WebexError
from .people import Person
from .rooms import Room
from .spaces import Spaces


@dataclass(eq=False)
class TeamMembership:
    """That a person is in a team.

    Attributes:
        team: The team.
        person: Who is in it.
        created: Since when.
        is_moderator: True for a moderator.
        number: Its place in lists.
    """

    team: Team = field(repr=False)
    person: Person
    created: datetime = field(repr=False)
    is_moderator: bool = False
    number: int = field(default_factory=ids.next_number, repr=False)

    @property
    def id(self) -> str:
        """The ID in the REST API."""
        return ids.encode("TEAM_MEMBERSHIP", f"{self.person.uuid}:{self.team.uuid}")


@dataclass(eq=False)
class Team:
    """A team.

    Attributes:
        uuid: Its UUID.
        name: Its name.
        description: What it is for.
        general: The space that it comes with.
        created: When it was made.
        members: Who is in it, with their memberships.
        number: Its place in lists.
    """

    uuid: str
    name: str
    description: str
    general: Room = field(repr=False)
    created: datetime = field(repr=False)
    members: dict[Person, TeamMembership] = field(default_factory=dict, repr=False)
    number: int = field(default_factory=ids.next_number, repr=False)

    @property
    def id(self) -> str:
        """The ID in the REST API."""
        return ids.encode("TEAM", self.uuid)

    def is_moderator(self, person: Person) -> bool:
        """Return True if a person moderates the team."""
        return person in self.members and self.members[person].is_moderator

    def moderators(self) -> list[Person]:
        """Return who moderates the team."""
        return [one for one in self.members if self.is_moderator(one)]


class Teams:
    """All teams.

    Args:
        state: The lock and the clock.
        spaces: All spaces.
    """

    def __init__(self, state: State, spaces: Spaces) -> None:
        self._state = state
        self._spaces = spaces
        self._teams: dict[str, Team] = {}

    def add(self, name: str, creator: Person, description: str = "") -> Team:
        """Make a team with a space, and return it; its creator moderates it."""
        with self._state.changed:
            uuid, now = ids.new_uuid(), self._state.clock.now_utc()
            general = self._spaces.group(name, [creator], team=uuid)
            team = Team(uuid, name, description, general, now)
            team.members[creator] = TeamMembership(team, creator, now, is_moderator=True)
            self._teams[uuid] = team
        return team

    def remove(self, team: Team, actor: Person) -> None:
        """Delete a team, with its spaces."""
        with self._state.changed:
            for room in [one for one in self._spaces.all() if one.team == team.uuid]:
                self._spaces.remove(room, actor)
            del self._teams[team.uuid]

    def of(self, person: Person) -> list[Team]:
        """Return the teams that a person is in."""
        with self._state.changed:
            return [team for team in self._teams.values() if person in team.members]

    def get(self, key: str, person: Person) -> Team:
        """Return the team with this ID, for a person who is in it.

        Raises:
            WebexError: 404, there is no such team, or the person is not in it.
        """
        team = self._teams.get(ids.bare_uuid("TEAM", key))
        if team is None or person not in team.members:
            raise WebexError(404, "Could not find a team with provided ID.")
        return team

    def join(self, team: Team, person: Person, actor: Person, *, moderator: bool = False) -> TeamMembership:
        """Add a person to a team and its space, and return the membership."""
        with self._state.changed:
            membership = TeamMembership(team, person, self._state.clock.now_utc(), moderator)
            team.members[person] = membership
            if person not in team.general.members:
                self._spaces.join(team.general, person, actor)
        return membership

    def leave(self, membership: TeamMembership, actor: Person) -> None:
        """Remove a person from a team and its spaces."""
        with self._state.changed:
            del membership.team.members[membership.person]
            for room in self._spaces.rooms_of(membership.person):
                if room.team == membership.team.uuid:
                    self._spaces.leave(room.members[membership.person], actor)
