"""Runs the same function in several processes at the same time, each with a manager over the same store."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from typing import Any

from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager, SQLTokenManager, TokenManager, YAMLTokenManager

SETTINGS = ("client_id", "client_secret", "scopes", "redirect_url", "auth_service", "token_service")


def manager_over(store: dict[str, str], bot_token: str, integration: Integration) -> TokenManager:
    """Return a manager over a store: ``redis_url``, ``url`` of a SQL database, or ``yml_base``."""
    kinds: Any = {"redis_url": RedisTokenManager, "url": SQLTokenManager, "yml_base": YAMLTokenManager}
    made: TokenManager = next(kinds[name] for name in store)(bot_token, integration, **store)
    return made


def in_processes(
    count: int,
    work: Callable[..., Any],
    *arguments: Any,
    bot_token: str,
    integration: Integration,
    store: dict[str, str],
    rest_base: str,
) -> list[Any]:
    """Run ``work(manager, *arguments)`` in each process; all start at the same moment.

    Args:
        count: number of processes
        work: a function of a module
        arguments: its arguments after the manager
        bot_token: the bot's access token
        integration: the integration of the managers
        store: see :func:`manager_over`
        rest_base: address of the REST API

    Returns:
        what it returned in each process
    """
    settings = {name: getattr(integration, name) for name in SETTINGS}
    context = _context()
    start, answers = context.Barrier(count), context.Queue()
    made = (bot_token, settings, store, rest_base)
    workers = [
        context.Process(target=_work, args=(made, work, arguments, start, answers)) for _ in range(count)
    ]
    for worker in workers:
        worker.start()
    done = [answers.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    return done


def _context() -> Any:
    """Processes that share nothing; if possible, copies of one that has done the imports."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["webex_bot_auth.user_context.redis_manager", __name__])
    return context


def _work(made: Any, work: Callable[..., Any], arguments: Any, start: Any, answers: Any) -> None:
    from wxc_sdk.rest import RestSession

    bot_token, settings, store, RestSession.BASE = made
    with manager_over(store, bot_token, Integration(**settings)) as manager:
        start.wait()
        answers.put(work(manager, *arguments))
