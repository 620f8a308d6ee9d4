"""The configuration that is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import Environment, Store


@dataclass(frozen=True)
class Patient:
    """One bot's configuration, as the command line and the environment have it.

    :ivar environment: the settings
    :ivar store: where tokens are kept; None: the command line names none that could be
    :ivar store_problem: why there is no store
    :ivar key_problem: what is wrong with the encryption keys; the store does without them then
    :ivar device: the bot logs people in by device codes, and has no redirect
    """

    environment: Environment
    store: Store | None
    store_problem: str | None = None
    key_problem: str | None = None
    device: bool = False
