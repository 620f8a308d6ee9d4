"""``users``, ``logout``, ``flows``, ``rotate``: each takes the parsed options and gives the exit status."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing

from ..errors import SettingError, StoreUnreadable
from ..user_context import RedisTokenManager
from ..user_context.models import UserContext
from .settings import CLIENT_ID, KEYS, Environment, Store, open_store
from .wording import flow_facts, flow_line, printable, user_facts, user_line

REVOKE_PAGE = "https://idbroker.webex.com/idb/profile#/tokens"


def users(options: argparse.Namespace) -> int:
    """List who is logged in; what cannot be read is named on stderr, and makes the status 1."""
    with closing(open_store(options, encryption_keys=Environment().keys())) as store:
        contexts, problems = _contexts(store)
    if options.json:
        print(json.dumps([user_facts(context) for context in contexts], indent=2))
    else:
        for context in contexts:
            print(user_line(context))
    for problem in problems:
        _complain(problem)
    return 1 if problems else 0


def _contexts(store: Store) -> tuple[list[UserContext], list[str]]:
    contexts, problems = [], []
    for user_id in sorted(set(store.users())):
        try:
            context = store.get_user_context(user_id=user_id)
        except StoreUnreadable as error:
            problems.append(str(error))
        else:
            if context:  # else logged out since the ids were read
                contexts.append(context)
    return contexts, problems


def logout(options: argparse.Namespace) -> int:
    """Forget one user's tokens; the status is 1 where nobody was logged in, or nothing could be done."""
    environment = Environment()
    if not environment.usable(CLIENT_ID) and not options.force:
        reason = environment.problem(CLIENT_ID) or "is not set"
        raise SettingError(CLIENT_ID, f"{reason}, and is needed to revoke; logout --force just forgets")
    with closing(open_store(options, encryption_keys=environment.keys())) as store:
        return _logout(store, options.user, force=options.force, revoking=bool(environment.usable(CLIENT_ID)))


def _logout(store: Store, user_id: str, *, force: bool, revoking: bool) -> int:
    name = printable(user_id)
    try:
        revoked = store.logout(user_id=user_id) if revoking else _forget(store, user_id)
    except StoreUnreadable as error:
        if not force:
            _complain(f"{error}; logout --force forgets it without reading it")
            return 1
        store.set_user_context(user_id=user_id)
        revoked = False
    if revoked is None:
        _complain(f"{name}: nobody with this id is logged in")
        return 1
    print(_farewell(name, revoked=revoked))
    return 0


def _forget(store: Store, user_id: str) -> bool | None:
    """Without Webex. In the terms of :meth:`TokenManager.logout`."""
    if store.current(user_id) is None:
        return None
    store.set_user_context(user_id=user_id)
    return False


def _farewell(name: str, *, revoked: bool) -> str:
    if revoked:
        return f"{name}: logged out, and Webex has revoked the tokens"
    return f"{name}: logged out here; Webex has not revoked the tokens, the user can: {REVOKE_PAGE}"


def flows(options: argparse.Namespace) -> int:
    """List the logins under way, those that end soon first."""
    with closing(open_store(options, encryption_keys=Environment().keys())) as store:
        if not isinstance(store, RedisTokenManager):
            _complain("with a file, logins under way are in the memory of the bot's own process")
            if options.json:
                print("null")  # not an empty list: it is not known
            return 0
        found = sorted(store.flows(), key=lambda flow: flow.seconds_left or 0.0)
    if options.json:
        print(json.dumps([flow_facts(flow) for flow in found], indent=2))
        return 0
    print(f"logins under way: {len(found)}")
    for flow in found:
        print(flow_line(flow))
    return 0


def rotate(options: argparse.Namespace) -> int:
    """Encrypt the whole store with the newest key."""
    keys = Environment().keys()
    if not keys:
        raise SettingError(KEYS, "is not set: there is no key to encrypt with")
    with closing(open_store(options, encryption_keys=keys)) as store:
        done = store.renew()
    print(f"{done.changed} records encrypted with the newest key")
    for place in done.unreadable:
        _complain(f"not readable, left as it is: {place}")
    return 1 if done.unreadable else 0


def _complain(problem: str) -> None:
    print(printable(problem), file=sys.stderr)
