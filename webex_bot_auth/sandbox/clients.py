"""Points webex_bot, webexpythonsdk and wxc_sdk at a sandbox.

None of them has a setting for it: webex_bot reads two variables of its module at each call,
webexpythonsdk has a default argument, and wxc_sdk a class variable.
"""

from __future__ import annotations

import inspect
import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import requests
from webex_bot.websockets import webex_websocket_client
from webexpythonsdk import WebexAPI
from wxc_sdk.rest import RestSession

from .workbench.handlings import Handlings
from .workbench.remote import RemoteReports
from .workbench.watching import bots_watched


def point_clients_at(url: str, *, report: bool = True) -> Callable[[], None]:
    """Point the three clients of this process at a sandbox.

    Args:
        url: The address of the sandbox's chat page.
        report: True to let the page show what bots of this process are doing, with their errors.

    Returns:
        A function that undoes it.

    Raises:
        requests.RequestException: There is no sandbox at this address.
    """
    base = url.rstrip("/")
    undo = ExitStack()
    module, init = webex_websocket_client, WebexAPI.__init__
    _set(undo, module, "DEFAULT_U2C_URL", f"{base}/u2c/api/v1/catalog")
    _set(undo, module, "ssl_context", _ssl_context(base))
    _set(undo, init, "__defaults__", _defaults_with(init, base_url=f"{base}/v1/"))
    _set(undo, RestSession, "BASE", f"{base}/v1")
    for name in (
        "no_proxy",
        "NO_PROXY",
    ):  # a proxy of the network cannot reach this machine's loopback address
        _set_variable(undo, name, ",".join(filter(None, ["127.0.0.1", os.environ.get(name)])))
    if report:
        undo.enter_context(bots_watched(RemoteReports(base)))
    return undo.close


@contextmanager
def clients_of(url: str, handlings: Handlings) -> Iterator[None]:
    """Point the three clients at a sandbox of this process, whose page then shows what its bots are doing.

    Args:
        url: The address of the sandbox's chat page.
        handlings: Where to note what bots are doing.
    """
    undo = point_clients_at(url, report=False)
    try:
        with bots_watched(handlings):
            yield
    finally:
        undo()


@contextmanager
def clients_at(url: str) -> Iterator[None]:
    """Point the three clients at the sandbox at ``url`` for the length of a ``with`` block."""
    undo = point_clients_at(url)
    try:
        yield
    finally:
        undo()


def _ssl_context(base: str) -> ssl.SSLContext | None:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{base}/sandbox/certificate", timeout=10)
    answer.raise_for_status()
    if not answer.text:
        return None  # with a context, websockets refuses ws://
    return ssl.create_default_context(cadata=answer.text)


def _defaults_with(function: Callable[..., Any], **changed: Any) -> tuple[Any, ...]:
    parameters = inspect.signature(function).parameters.values()
    return tuple(
        changed.get(one.name, one.default) for one in parameters if one.default is not inspect.Parameter.empty
    )


def _set(undo: ExitStack, owner: Any, name: str, value: Any) -> None:
    undo.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, value)


def _set_variable(undo: ExitStack, name: str, value: str) -> None:
    before = os.environ.get(name)
    if before is None:
        undo.callback(os.environ.pop, name, None)
    else:
        undo.callback(os.environ.__setitem__, name, before)
    os.environ[name] = value
