"""Tries a bot's own program in the sandbox, by hand: people write to it in a chat page."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from unittest import mock

from ..sandbox import Sandbox
from ..sandbox.environment import variables
from ..signals import logged_in
from ..user_context import TokenManager

#: port of the chat page: always the same, so that an open tab finds the next trial
CHAT_PORT = 8910


@contextmanager
def trial(
    name: str,
    scopes: str = "spark:people_read",
    steps: Sequence[str] = (),
    argv: Sequence[str] = (),
    port: int | None = None,
) -> Iterator[Sandbox]:
    """Let the bot of a ``with`` block run in a Webex cloud on this machine, until Ctrl+C::

        with trial("Echo Bot"):
            main()

    The bot finds its settings in the environment: ``WEBEX_BOT_TOKEN``, ``WEBEX_CLIENT_ID``,
    ``WEBEX_CLIENT_SECRET``, ``WEBEX_REDIRECT_URL``, and ``PORT``, at which it serves the redirect. The
    working directory is a temporary one. Nothing is left afterwards.

    Args:
        name: the bot's name
        scopes: what its integration may ask people for
        steps: what to do in the chat page; printed
        argv: the command line: ``--open`` opens the chat page, ``--verbose`` prints what the bot logs
        port: where the bot serves the redirect; None: at ``PORT``, which is a free one if it was not set

    Yields:
        the sandbox, with Alice Adams and Bob Brown in it
    """
    log_level = "INFO" if "--verbose" in argv else "ERROR"
    logging.getLogger("werkzeug").setLevel(log_level)  # which may serve the redirect
    logged_in.connect(_say_who_logs_in)
    before = os.getcwd()
    with (
        TemporaryDirectory() as folder,
        _sandbox() as sandbox,
        sandbox.clients(),
        mock.patch.dict(os.environ),
    ):
        bot = sandbox.add_bot(name)
        alice, bob = sandbox.add_person("Alice Adams"), sandbox.add_person("Bob Brown")
        sandbox.group("Team", [alice, bob, bot])
        for person in (bob, alice):  # the page opens the space that was made last: Alice can type at once
            sandbox.direct(person, bot)
        port = port or int(os.environ.get("PORT") or _free_port())
        integration = sandbox.integration(f"http://127.0.0.1:{port}/redirect", scopes)
        os.environ.update(variables(sandbox, bot, integration), PORT=str(port), LOG_LEVEL=log_level)
        os.chdir(folder)
        try:
            print(f"\n  A Webex cloud runs on this machine, and the {name} in it.\n")
            for number, step in enumerate((f"Open   {sandbox.url}", *steps), 1):
                print(f"  {number}. {step}")
            print("\n  Ctrl+C ends it.\n", flush=True)
            if "--open" in argv:
                sandbox.show()
            yield sandbox
        except KeyboardInterrupt:  # before the bot runs
            sys.exit()
        finally:
            os.chdir(before)
            sandbox.disconnect(bot)  # else the sandbox waits for a bot that has gone


def _sandbox() -> Sandbox:
    port = int(os.environ.get("SANDBOX_PORT") or CHAT_PORT)
    try:
        return Sandbox(port=port)
    except OSError:
        sys.exit(f"Port {port} is in use, maybe by another demo: end that, or set SANDBOX_PORT to another.")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _say_who_logs_in(manager: TokenManager, *, user_id: str) -> None:
    context = manager.get_user_context(user_id=user_id)
    print(f"  {context.display_name if context else user_id} has logged in.", flush=True)
