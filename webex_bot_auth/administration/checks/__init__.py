"""What the doctor looks at: a check takes the patient and gives its findings, one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..finding import Finding
from .file_store import file
from .patient import Patient
from .records import encryption, records, store
from .redirect import redirect_address
from .redis_store import redis
from .settings import scopes, settings
from .webex import bot_token_and_clock, client_id_and_secret

Check = Callable[[Patient], Iterable[Finding]]

#: in the order of their lines
CHECKS: tuple[Check, ...] = (
    settings,
    scopes,
    bot_token_and_clock,
    client_id_and_secret,
    redirect_address,
    store,
    redis,
    file,
    encryption,
    records,
)

__all__ = ["CHECKS", "Check", "Patient"]
