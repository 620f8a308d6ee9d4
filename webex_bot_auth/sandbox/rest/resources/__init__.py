"""The resources of the REST API; each module has the rows of its resources at its end."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from ..resource import Resource
from . import events, memberships, messages, organization, people, rooms, tabs, teams, webhooks

RESOURCES: tuple[Resource[Any], ...] = (
    people.PEOPLE,
    rooms.ROOMS,
    memberships.MEMBERSHIPS,
    messages.DIRECT_MESSAGES,
    messages.MESSAGES,
    messages.ATTACHMENT_ACTIONS,
    webhooks.WEBHOOKS,
    teams.TEAMS,
    teams.TEAM_MEMBERSHIPS,
    tabs.TABS,
    events.EVENTS,
    *organization.TABLES,
)
blueprint = Blueprint("resources", __name__, url_prefix="/v1")
for resource in RESOURCES:
    resource.add_to(blueprint)
blueprint.add_url_rule("/rooms/<key>/meetingInfo", view_func=rooms.meeting_info)
