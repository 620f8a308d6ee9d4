"""The commands ``users``, ``logout``, ``flows`` and ``rotate``.

Each takes the parsed command line and returns the exit status.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from contextlib import closing

from ..errors import SettingError, StoreUnreadable
from ..models import UserContext
from ..user_context import RedisTokenManager, SQLTokenManager
from .environment import CLIENT_ID, KEYS, Environment
from .open_store import Store, ids_of, load, open_store, user_ids
from .output_format import (
    MAX_LINES,
    escape_control_characters,
    faults_as_lines,
    flow_as_json,
    flow_as_line,
    user_as_json,
    users_as_table,
)
from .pending_flows import pending_flows

REVOKE_PAGE = "https://idbroker.webex.com/idb/profile#/tokens"


def users(options: argparse.Namespace) -> int:
    """List who is logged in. Records that cannot be read are named on stderr, and the status is 1."""
    with closing(open_store(options, encryption_keys=Environment().keys(), must_exist=True)) as store:
        contexts, faults = _load_all(store)
    if options.json:
        print(json.dumps([user_as_json(context) for context in contexts], indent=2))
    else:
        for line in users_as_table(contexts):
            print(line)
    for line in faults_as_lines(faults, verbose=options.verbose):
        _print_error(line)
    return 1 if faults else 0


def _load_all(store: Store) -> tuple[list[UserContext], list[StoreUnreadable]]:
    """All contexts that can be read, and an error for each that cannot."""
    contexts, faults = [], []
    for user_id in user_ids(store):
        try:
            context = load(store, user_id)
        except StoreUnreadable as error:
            faults.append(error)
        else:
            if context:  # otherwise the user has logged out since the ids were read
                contexts.append(context)
    return contexts, faults


def logout(options: argparse.Namespace) -> int:
    """Delete a user's tokens; the status is 1 if there were none, or they are still there."""
    environment = Environment()
    if not environment.usable(CLIENT_ID) and not options.force:
        problem = environment.problem(CLIENT_ID) or "is not set"
        raise SettingError(
            CLIENT_ID, f"{problem}, and is needed to revoke tokens; use logout --force to delete them only"
        )
    can_revoke = bool(environment.usable(CLIENT_ID))
    with closing(open_store(options, encryption_keys=environment.keys(), must_exist=True)) as store:
        return _logout(store, options.user, force=options.force, can_revoke=can_revoke)


def _logout(store: Store, user: str, *, force: bool, can_revoke: bool) -> int:
    user_id, *others = ids_of(store, user) or [user]
    if others:
        _print_error(f"{user}: there are {1 + len(others)} of this name; use the id, see `users --json`")
        return 1
    try:
        if not force:
            store.get_user_context(user_id=user_id)  # what cannot be read is not deleted by mistake
        revoked = store.logout(user_id=user_id) if can_revoke else _delete_only(store, user_id)
    except StoreUnreadable as error:
        if not force:
            _print_error(f"{error}; use logout --force to delete it anyway")
            return 1
        store.set_user_context(user_id=user_id)
        revoked = False
    name = escape_control_characters(user)
    if revoked is None:
        _print_error(f"{name}: nobody with this address, name or id is logged in")
        return 1
    print(f"{name}: {_logout_message(revoked=revoked)}")
    return 0


def _delete_only(store: Store, user_id: str) -> bool | None:
    """Delete a context without asking Webex; returns what ``store.logout`` does."""
    if store.get_user_context(user_id=user_id) is None:
        return None
    store.set_user_context(user_id=user_id)
    return False


def _logout_message(*, revoked: bool) -> str:
    if revoked:
        return "logged out, and Webex has revoked the tokens"
    return f"logged out here, but Webex has not revoked the tokens; the person can do that at {REVOKE_PAGE}"


def flows(options: argparse.Namespace) -> int:
    """List the pending logins, those that expire soon first."""
    with closing(open_store(options, encryption_keys=Environment().keys())) as store:
        if not isinstance(store, RedisTokenManager):
            if isinstance(store, SQLTokenManager):
                _print_error(
                    "in a database, pending logins are stored without their ids, and cannot be listed"
                )
            else:
                _print_error(
                    "with a YAML file, pending logins are only in the memory of the bot's own process"
                )
            if options.json:
                print("null")  # an empty list would say that there are none
            return 0
        found = sorted(
            pending_flows(store),
            key=lambda flow: math.inf if flow.seconds_left is None else flow.seconds_left,
        )
    if options.json:
        print(json.dumps([flow_as_json(flow) for flow in found], indent=2))
        return 0
    print(f"pending logins: {len(found)}")
    for flow in found:
        print(flow_as_line(flow))
    return 0


def rotate(options: argparse.Namespace) -> int:
    """Encrypt the whole store with the newest key; the status is 1 if some records cannot be read."""
    keys = Environment().keys()
    if not keys:
        raise SettingError(KEYS, "is not set: there is no key to encrypt with")
    with closing(open_store(options, encryption_keys=keys, must_exist=True)) as store:
        report = store.contexts.rotate()
    print(f"records encrypted with the newest key: {report.changed}")
    if len(report.unreadable) > MAX_LINES:
        _print_error(
            f"cannot be read, left unchanged: {len(report.unreadable)} records; `users --verbose` names them"
        )
    else:
        for place in report.unreadable:
            _print_error(f"cannot be read, left unchanged: {place}")
    return 1 if report.unreadable else 0


def _print_error(message: str) -> None:
    print(escape_control_characters(message), file=sys.stderr)
