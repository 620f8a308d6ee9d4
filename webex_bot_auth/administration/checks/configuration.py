"""The configuration that is checked."""

from __future__ import annotations

from dataclasses import dataclass

from ..environment import Environment
from ..open_store import Store


@dataclass(frozen=True)
class Configuration:
    """One bot's configuration, from the command line and the environment.

    Attributes:
        environment: the settings
        store: where tokens are kept; None: the command line names no store that can be opened
        store_problem: why there is no store
        key_problem: what is wrong with the encryption keys; the store is then opened without them
        device: whether the bot logs people in with device codes, and needs no redirect URL
    """

    environment: Environment
    store: Store | None
    store_problem: str | None = None
    key_problem: str | None = None
    device: bool = False
