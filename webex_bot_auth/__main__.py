"""``python -m webex_bot_auth``: look after a store of users' tokens. Never prints a token.

The store is named on the command line. Encryption keys come from ``WEBEX_BOT_AUTH_KEYS``, with commas between
and the newest first: command lines are seen by everybody on a machine.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from wxc_sdk.integration import Integration

from .errors import WebexBotAuthError
from .user_context import RedisTokenManager, YAMLTokenManager
from .user_context.stored import StoredTokenManager

KEYS = "WEBEX_BOT_AUTH_KEYS"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; what it returns is the exit status."""
    options = _parser().parse_args(arguments)
    try:
        with _manager(options) as manager:
            return int(options.act(manager))
    except WebexBotAuthError as error:
        print(error, file=sys.stderr)
        return 1


def _users(manager: StoredTokenManager) -> int:
    for user_id in sorted(manager.users()):
        print(user_id)
    return 0


def _rotate(manager: StoredTokenManager) -> int:
    done = manager.renew()
    print(f"{done.changed} records encrypted with the newest key")
    for place in done.unreadable:
        print(f"not readable, left as it is: {place}", file=sys.stderr)
    return 1 if done.unreadable else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="webex-bot-auth", description=__doc__.partition("\n\n")[0])
    store = parser.add_mutually_exclusive_group(required=True)
    store.add_argument("--yaml", metavar="BASE", help="path of the YAML file, without .yml")
    store.add_argument("--redis-url", metavar="URL", help="also taken from REDIS_URL with --redis-url env")
    parser.add_argument("--key-prefix", default="", help="of the keys in Redis")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, act, tells in (
        ("users", _users, "list the ids of users whose tokens are stored"),
        ("rotate", _rotate, f"encrypt the whole store with the first key of {KEYS}"),
    ):
        commands.add_parser(name, help=tells).set_defaults(act=act)
    return parser


def _manager(options: argparse.Namespace) -> StoredTokenManager:
    keys = [key for key in os.environ.get(KEYS, "").split(",") if key.strip()]
    # nobody logs in here, the store is all that is used
    nobody: dict[str, Any] = {"bot_token": "-", "integration": _no_integration(), "encryption_keys": keys}
    if options.yaml:
        return YAMLTokenManager(yml_base=options.yaml, **nobody)
    url = os.environ.get("REDIS_URL") if options.redis_url == "env" else options.redis_url
    return RedisTokenManager(redis_url=url, key_prefix=options.key_prefix, **nobody)


def _no_integration() -> Integration:
    nothing = "-"
    return Integration(
        client_id=nothing, client_secret=nothing, scopes=nothing, redirect_url="https://localhost"
    )


if __name__ == "__main__":
    sys.exit(main())
