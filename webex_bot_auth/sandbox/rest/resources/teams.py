"""Teams, and who is in them."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from ...model.errors import WebexError
from ...model.ids import bare_uuid
from ...model.people import Person
from ...model.teams import Team, TeamMembership
from ...services import services
from ..request_bodies import Body
from ..resource import Query, Resource, usual_scopes
from ..response_json import team_json, team_membership_json
from .memberships import person_of


class TeamBody(Body):
    """The body of POST and PUT."""

    name: str = Field(min_length=1, max_length=200)
    description: str | None = None


class NewTeamMembership(Body):
    """The body of ``POST /v1/team/memberships``."""

    team_id: str
    person_id: str | None = None
    person_email: str | None = None
    is_moderator: bool = False


class ChangedTeamMembership(Body):
    """The body of ``PUT /v1/team/memberships/{id}``."""

    is_moderator: bool


def _check_moderates(person: Person, team: Team) -> None:
    if not team.is_moderator(person):
        raise WebexError(403, "Only moderators may change this team.")


def _create(person: Person, body: TeamBody) -> Team:
    return services().cloud.teams.add(body.name, person, body.description or "")


def _update(person: Person, team: Team, body: TeamBody) -> Team:
    _check_moderates(person, team)
    team.name = body.name
    team.description = team.description if body.description is None else body.description.strip()
    services().cloud.notify()
    return team


def _delete(person: Person, team: Team) -> None:
    _check_moderates(person, team)
    services().cloud.teams.remove(team, person)


def _seen_members(person: Person, query: Query) -> Iterable[TeamMembership]:
    if not query.get("teamId"):
        raise WebexError(400, "teamId is needed.")
    return list(services().cloud.teams.get(query["teamId"], person).members.values())


def _find_member(key: str, person: Person) -> TeamMembership:
    who, _, where = bare_uuid("TEAM_MEMBERSHIP", key).partition(":")
    team, member = services().cloud.teams.get(where, person), services().cloud.find_person(who)
    if member is None or member not in team.members:
        raise WebexError(404, "Could not find a team membership with provided ID.")
    return team.members[member]


def _add_member(actor: Person, body: NewTeamMembership) -> TeamMembership:
    teams = services().cloud.teams
    team = teams.get(body.team_id, actor)
    person = person_of(body.person_id, body.person_email)
    _check_moderates(actor, team)
    if person in team.members:
        raise WebexError(409, "The person is already in the team.")
    return teams.join(team, person, actor, moderator=body.is_moderator)


def _change_member(actor: Person, membership: TeamMembership, body: ChangedTeamMembership) -> TeamMembership:
    _check_moderates(actor, membership.team)
    if not body.is_moderator:
        _check_others_moderate(membership)
    membership.is_moderator = body.is_moderator
    services().cloud.notify()
    return membership


def _remove_member(actor: Person, membership: TeamMembership) -> None:
    if membership.person is not actor:
        _check_moderates(actor, membership.team)
    _check_others_moderate(membership)
    services().cloud.teams.leave(membership, actor)


def _check_others_moderate(membership: TeamMembership) -> None:
    if membership.team.moderators() == [membership.person]:
        raise WebexError(403, "The last moderator of a team has to stay; promote another person first.")


TEAMS = Resource[Team](
    path="/teams",
    scopes=usual_scopes("spark:teams"),
    shape=lambda team, viewer: team_json(team),
    find=lambda key, person: services().cloud.teams.get(key, person),
    seen=lambda person, query: services().cloud.teams.of(person),
    new=TeamBody,
    create=_create,
    change=TeamBody,
    update=_update,
    delete=_delete,
)
TEAM_MEMBERSHIPS = Resource[TeamMembership](
    path="/team/memberships",
    scopes=usual_scopes("spark:team_memberships"),
    shape=lambda membership, viewer: team_membership_json(membership),
    find=_find_member,
    seen=_seen_members,
    new=NewTeamMembership,
    create=_add_member,
    change=ChangedTeamMembership,
    update=_change_member,
    delete=_remove_member,
)
