"""Points webex_bot, webexpythonsdk, webexteamssdk and wxc_sdk at a sandbox.

None of them has a setting for it: webex_bot reads two variables of its module at each call, the SDKs and
wxc_sdk's integrations have default arguments, and wxc_sdk's two kinds of session a class variable each.
"""

from __future__ import annotations

import importlib
import inspect
import os
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import requests
from webex_bot.websockets import webex_websocket_client
from webexpythonsdk import WebexAPI
from wxc_sdk.integration import Integration
from wxc_sdk.rest import RestSession

from .bot_reports.handlings import Handlings
from .bot_reports.remote import RemoteReports
from .bot_reports.watching import bots_watched


def point_clients_at(url: str, *, report: bool = True) -> Callable[[], None]:
    """Point the clients of this process at a sandbox.

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
    _set(undo, webex_websocket_client, "DEFAULT_U2C_URL", f"{base}/u2c/api/v1/catalog")
    _set(undo, webex_websocket_client, "ssl_context", _ssl_context(base))
    for client in (WebexAPI, *_older_sdk()):
        _set_defaults(undo, client.__init__, base_url=f"{base}/v1/")
    for session in (RestSession, _async_session()):
        _set(undo, session, "BASE", f"{base}/v1")
    addresses = {"auth_service": f"{base}/v1/authorize", "token_service": f"{base}/v1/access_token"}
    _set_defaults(undo, Integration.__init__, **addresses)
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
    """Point the clients at a sandbox of this process, whose page then shows what its bots are doing.

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
    """Point the clients at the sandbox at ``url`` for the length of a ``with`` block."""
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


def _async_session() -> Any:
    """The session of wxc_sdk's asynchronous API; with a new aiohttp, its import warns of a base class."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return importlib.import_module("wxc_sdk.as_rest").AsRestSession


def _older_sdk() -> list[Any]:
    """The client of webexteamssdk, which webexpythonsdk comes from, where it is installed."""
    try:
        return [importlib.import_module("webexteamssdk").WebexTeamsAPI]
    except ImportError:
        return []


def _set_defaults(undo: ExitStack, function: Any, **changed: Any) -> None:
    """Change default values of parameters, whether they are given by position or by keyword."""
    has_default = [
        one
        for one in inspect.signature(function).parameters.values()
        if one.default is not inspect.Parameter.empty
    ]
    by_keyword = {one.name: one for one in has_default if one.kind is inspect.Parameter.KEYWORD_ONLY}
    by_position = [one for one in has_default if one.name not in by_keyword]
    values = tuple(changed.get(one.name, one.default) for one in by_position)
    named = {name: changed.get(name, one.default) for name, one in by_keyword.items()}
    _set(undo, function, "__defaults__", values or None)
    _set(undo, function, "__kwdefaults__", named or None)


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
