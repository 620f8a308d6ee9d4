"""The command line: what can be said there, and which command it means. No secret can be said there."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

from ..errors import SettingError, WebexBotAuthError
from . import commands, doctor, settings

ABOUT = "Look after a store of users' tokens, and after a bot's configuration. Never prints a token."
SECRETS = (
    f"Secrets come from the environment, as everybody on a machine sees its command lines: {settings.KEYS} "
    "(commas between, the newest first); for logout and doctor "
    f"{', '.join(settings.REQUIRED)}, {settings.SCOPES}, and where it is not Webex's own "
    f"{settings.AUTH_SERVICE}, {settings.TOKEN_SERVICE}."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; what it returns is the exit status."""
    options = _parser().parse_args(arguments)
    try:
        _refuse_password(options.redis_url)
        return int(options.act(options))
    except WebexBotAuthError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="webex-bot-auth", description=ABOUT, epilog=SECRETS)
    store = parser.add_mutually_exclusive_group(required=True)
    store.add_argument("--yaml", metavar="BASE", help="path of the YAML file, without .yml")
    store.add_argument("--redis-url", metavar="URL", help="env: what REDIS_URL says, as with a password")
    prefix = os.environ.get("REDIS_KEY_PREFIX", "")
    parser.add_argument("--key-prefix", default=prefix, help="of the keys in Redis; else REDIS_KEY_PREFIX")
    _add_commands(parser.add_subparsers(required=True, metavar="COMMAND"))
    return parser


def _add_commands(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    def add(name: str, act: object, tells: str) -> argparse.ArgumentParser:
        parser = parsers.add_parser(name, help=tells, description=tells)
        parser.set_defaults(act=act)
        return parser

    users = add("users", commands.users, "list who is logged in, until when, and with which scopes")
    logout = add("logout", commands.logout, "forget a user's tokens, and revoke them where Webex lets us")
    flows = add("flows", commands.flows, "list the logins that are under way, by names that are no secret")
    add("rotate", commands.rotate, f"encrypt the whole store with the first key of {settings.KEYS}")
    check = add("doctor", doctor.doctor, "check the configuration: what is wrong, and how to mend it")
    for lister in (users, flows):
        lister.add_argument("--json", action="store_true", help="for machines")
    logout.add_argument("user", metavar="USER", help="id, as `users` lists it")
    logout.add_argument("--force", action="store_true", help="even if the tokens cannot be read or revoked")
    check.add_argument(
        "--device", action="store_true", help='for a bot with login_flow="device", which needs no redirect'
    )


def _refuse_password(url: str | None) -> None:
    try:
        password = urlsplit(url or "").password
    except ValueError:
        return  # malformed: whoever connects says so
    if password or "password=" in (url or ""):
        raise SettingError(
            "--redis-url",
            "holds a password, which others on this machine can see in the list of processes; "
            "put the URL into REDIS_URL, and say --redis-url env",
        )
