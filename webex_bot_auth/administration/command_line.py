"""The arguments of ``webex-bot-auth``, and the command that they run. No argument is secret."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from .. import __version__
from ..errors import SettingError, WebexBotAuthError
from . import copy_command, doctor_command, environment, store_commands

ABOUT = (
    "Manage a store of users' tokens, and check a bot's configuration. No token is ever printed. "
    "`webex-bot-auth sandbox` runs a Webex cloud on this machine, see `webex-bot-auth sandbox --help`."
)
SECRETS = (
    "Secrets come from environment variables, because other users can see command lines: "
    f"{environment.KEYS} (the newest first, separated by commas), for copy also "
    f"{environment.TO_KEYS}; for logout and doctor also "
    f"{', '.join(environment.REQUIRED)}, {environment.SCOPES}, and, unless they are Webex's own, "
    f"{environment.AUTH_SERVICE}, {environment.TOKEN_SERVICE} and {environment.API_URL}."
)
TABLE_PREFIX = "webex_bot_auth_"
#: the exit status of a program that is ended as nobody reads its output: 128 + SIGPIPE
OUTPUT_CLOSED = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: without the program's name; None: those of this process

    Returns:
        the exit status: 0 if all went well
    """
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names that this terminal cannot show
    try:
        for name in ("redis_url", "sql_url", "to_redis_url", "to_sql_url"):
            _refuse_password(f"--{name.replace('_', '-')}", getattr(options, name, None))
        with environment.rest_api(is_checked=options.run is doctor_command.doctor):
            status = int(options.run(options))
        sys.stdout.flush()
    except WebexBotAuthError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # `| head` has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains at its end
        return OUTPUT_CLOSED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="webex-bot-auth", description=ABOUT, epilog=SECRETS)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    store = parser.add_mutually_exclusive_group(required=True)
    store.add_argument("--yaml", metavar="BASE", help="path of the YAML file, with or without .yml")
    store.add_argument(
        "--redis-url",
        metavar="URL",
        help=f"URL of Redis; env: the URL in {environment.REDIS_URL}, where it may contain a password",
    )
    store.add_argument(
        "--sql-url",
        metavar="URL",
        help=f"URL of a database, as SQLAlchemy takes it; env: the URL in {environment.SQL_URL}",
    )
    parser.add_argument(
        "--table-prefix",
        default=TABLE_PREFIX,
        help=f"what the names of all tables begin with; default: {TABLE_PREFIX}",
    )
    parser.add_argument(
        "--key-prefix",
        default=os.environ.get(environment.REDIS_KEY_PREFIX, ""),
        help=f"what all keys in Redis begin with; default: {environment.REDIS_KEY_PREFIX}, or nothing",
    )
    _add_commands(parser.add_subparsers(required=True, metavar="COMMAND"))
    return parser


def _add_commands(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    def add(name: str, run: Callable[[argparse.Namespace], int], description: str) -> argparse.ArgumentParser:
        parser = parsers.add_parser(name, help=description, description=description)
        parser.set_defaults(run=run)
        return parser

    users = add("users", store_commands.users, "list who is logged in, until when, and with which scopes")
    logout = add(
        "logout", store_commands.logout, "delete a user's tokens, and revoke them if Webex allows it"
    )
    flows = add("flows", store_commands.flows, "list the pending logins, by references that are not secret")
    add("rotate", store_commands.rotate, f"encrypt the whole store with the first key of {environment.KEYS}")
    copy = add("copy", copy_command.copy, "store all users' tokens in another store, too")
    target = copy.add_mutually_exclusive_group(required=True)
    target.add_argument("--to-yaml", metavar="BASE", help="as --yaml")
    for name in ("redis", "sql"):
        help_text = f"as --{name}-url; env: the URL in {environment.TO_URL}, or else as there"
        target.add_argument(f"--to-{name}-url", metavar="URL", help=help_text)
    copy.add_argument("--to-key-prefix", default="", help="as --key-prefix; default: nothing")
    copy.add_argument("--to-table-prefix", default=TABLE_PREFIX, help="as --table-prefix")
    doctor = add("doctor", doctor_command.doctor, "check the configuration: what is wrong, and how to fix it")
    for command in (users, flows):
        command.add_argument("--json", action="store_true", help="print JSON, for programs")
    users.add_argument("--verbose", action="store_true", help="name each record that cannot be read")
    logout.add_argument("user", metavar="USER", help="an address, name or id, as `users` lists it")
    logout.add_argument(
        "--force", action="store_true", help="even if the tokens cannot be read, or cannot be revoked"
    )
    doctor.add_argument(
        "--device",
        action="store_true",
        help='for a bot with login_flow="device", which needs no redirect URL',
    )


def _refuse_password(argument: str, url: str | None) -> None:
    try:
        password = urlsplit(url or "").password
    except ValueError:
        return  # malformed: opening the store reports it
    if password or "password=" in (url or ""):
        variable = environment.REDIS_URL if "redis" in argument else environment.SQL_URL
        variable = environment.TO_URL if "to-" in argument else variable
        raise SettingError(
            argument,
            "contains a password, which other users of this machine can see in the list of processes; "
            f"put the URL into {variable} and use {argument} env",
        )
