"""The scopes that integrations may ask for, and how the consent page describes them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..model.people import Person

DESCRIPTIONS = {
    "spark:all": "Use all of Webex messaging on your behalf",
    "spark:kms": "Decrypt what you can read",
    "spark:people_read": "See who you are and look up people in your organization",
    "spark:rooms_read": "See the titles of the spaces you are in",
    "spark:rooms_write": "Create and change spaces on your behalf",
    "spark:messages_read": "Read the messages you can read",
    "spark:messages_write": "Send and delete messages on your behalf",
    "spark:memberships_read": "See who is in your spaces",
    "spark:memberships_write": "Add people to your spaces and remove them",
    "spark:teams_read": "See the teams you are in",
    "spark:teams_write": "Create and change teams on your behalf",
    "spark:team_memberships_read": "See who is in your teams",
    "spark:team_memberships_write": "Add people to your teams and remove them",
    "spark-admin:people_read": "See all people of your organization",
    "spark-admin:people_write": "Add, change and remove people of your organization",
    "spark-admin:organizations_read": "See your organization",
    "spark-admin:roles_read": "See the roles of your organization",
    "spark-admin:licenses_read": "See the licenses of your organization",
    "spark-compliance:events_read": "See what happens in your organization",
    "meeting:schedules_read": "See your meetings",
    "meeting:schedules_write": "Schedule meetings on your behalf",
    "identity:tokens_read": "See which applications people have authorized",
    "identity:tokens_write": "Revoke people's authorizations",
}


#: beginnings of scopes that only administrators and compliance officers may grant
ADMINISTRATIVE = ("spark-admin:", "spark-compliance:", "identity:", "audit:", "analytics:", "meeting:admin_")
FORM = re.compile(r"(spark|spark-admin|spark-compliance|meeting|identity|audit|analytics|cjp|cjds):[a-z_]+")
#: scopes for messaging that exist besides those above
FURTHER = {
    f"spark:{name}_{kind}"
    for name in ("people", "webhooks", "calls", "devices", "places", "telephony_config", "organizations")
    for kind in ("read", "write")
} | {"spark:xapi_commands", "spark:xapi_statuses"}


def is_known(scope: str) -> bool:
    """Return True if a scope may exist: of the kind ``spark:`` all are known here, of others the form."""
    if scope.startswith("spark:"):
        return scope in DESCRIPTIONS or scope in FURTHER
    return FORM.fullmatch(scope) is not None


def may_grant(person: Person, scopes: Iterable[str]) -> bool:
    """Return True if a person may grant scopes; some are for administrators."""
    return person.is_admin or not any(scope.startswith(ADMINISTRATIVE) for scope in scopes)


def describe(scopes: Iterable[str]) -> list[str]:
    """Return what each scope allows; a scope that is unknown here is returned as it is."""
    return [DESCRIPTIONS.get(scope, scope) for scope in scopes]


def covers(granted: Iterable[str] | None, needed: str) -> bool:
    """Return True if the granted scopes include the one that is needed; None stands for every scope."""
    if granted is None:
        return True
    return needed in granted or (needed.startswith("spark:") and "spark:all" in granted)
