"""Models to text and back: JSON, encrypted where there are encryption keys."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from ..errors import SettingError, StoreUnreadable, UnknownKey, WrongKey
from ..models import Model
from ..stores import Record

if TYPE_CHECKING:
    from .cipher import Cipher

#: a JSON object
Parsed = dict[str, Any]

_SEALED = "sealed"


class Records:
    """Writes and reads records.

    Args:
        encryption_keys: see :class:`~webex_bot_auth.logins.cipher.Cipher`; none: plain JSON
        accept_plain: whether plain records are read although there are keys
    """

    def __init__(self, encryption_keys: Iterable[str | bytes] = (), *, accept_plain: bool = True) -> None:
        if isinstance(encryption_keys, (str, bytes)):
            raise SettingError("encryption_keys", "has to be a list of keys, the newest first")
        keys = list(encryption_keys)
        if not keys and not accept_plain:
            raise SettingError("accept_plain", "can be False only where there are encryption_keys")
        self._cipher = _cipher(keys) if keys else None
        self._accept_plain = accept_plain

    def dump(self, model: BaseModel, *, bound_to: str, without: set[str] | None = None) -> str:
        """One line of JSON: the model itself, or ``{"user_id": ..., "sealed": ...}``.

        Args:
            model: what to write
            bound_to: the place where the record will be; it cannot be decrypted for another
            without: fields to leave out
        """
        plain = model.model_dump_json(exclude_none=True, exclude_defaults=True, exclude=without)
        if self._cipher is None:
            return plain
        owner = getattr(model, "user_id", None)  # in clear: who has a record is no secret of the store
        sealed = {_SEALED: self._cipher.seal(plain, bound_to=bound_to)}
        return json.dumps({"user_id": owner, **sealed} if owner else sealed)

    def load(self, kind: type[Model], record: Record | Parsed, *, bound_to: str, place: str) -> Model:
        """Return what :meth:`dump` wrote, or an older version.

        Args:
            kind: the model's class
            record: the text, or what :func:`parsed` made of it
            bound_to: as for :meth:`dump`
            place: named in errors

        Raises:
            WrongKey: encrypted, and no key opens it
            StoreUnreadable: anything else that is not a record
        """
        plain = record if isinstance(record, dict) else parsed(record, place)
        if isinstance(sealed := plain.get(_SEALED), str):
            plain = parsed(self._unseal(sealed, bound_to, place), place)
        elif not self._accept_plain:
            raise StoreUnreadable(place, "is not encrypted, and accept_plain=False")
        try:
            return kind.model_validate_json(json.dumps(plain))  # as JSON, which may hold no lone surrogates
        except ValidationError as error:
            # from None: what is unreadable may still hold tokens
            raise StoreUnreadable(place, f"not a {kind.__name__} ({_where(error)})") from None

    def rotated(
        self, kind: type[Model], record: Parsed, *, bound_to: str, rebind_to: str, place: str
    ) -> Parsed | None:
        """The same record, encrypted with the newest key; None where it is so already.

        Args:
            kind: see :meth:`load`
            record: see :meth:`load`
            bound_to: see :meth:`load`
            rebind_to: what it is to be bound to
            place: see :meth:`load`

        Raises:
            StoreUnreadable: see :meth:`load`
        """
        model = self.load(kind, record, bound_to=bound_to, place=place)
        sealed = record.get(_SEALED)
        is_current = self._cipher is None or (
            isinstance(sealed, str) and self._cipher.is_newest(sealed) and bound_to == rebind_to
        )
        return None if is_current else parsed(self.dump(model, bound_to=rebind_to), place)

    def _unseal(self, sealed: str, bound_to: str, place: str) -> str:
        if self._cipher is None:
            raise UnknownKey(place, "is encrypted, and no encryption_keys are configured")
        from .cipher import NoKeyOpens  # needs the extra

        try:
            return self._cipher.open(sealed, bound_to=bound_to)
        except NoKeyOpens:
            error = WrongKey if self._cipher.has_key_of(sealed) else UnknownKey
            raise error(place, "is encrypted, and none of the encryption_keys opens it") from None


def parsed(record: Record, place: str) -> Parsed:
    """A record as a JSON object.

    Raises:
        StoreUnreadable: it is none
    """
    try:
        found = json.loads(record)
    except (ValueError, RecursionError):
        raise StoreUnreadable(place, "not JSON") from None
    if not isinstance(found, dict):
        raise StoreUnreadable(place, "not a JSON object")
    return found


def _cipher(keys: list[str | bytes]) -> Cipher:
    try:
        from .cipher import Cipher  # needs the extra
    except ImportError as error:
        raise SettingError("encryption_keys", 'needs `pip install "webex-bot-auth[encryption]"`') from error
    return Cipher(keys)


def _where(error: ValidationError) -> str:
    """Return which fields are wrong and how, without what they hold."""
    return "; ".join(
        f"{'.'.join(map(str, detail['loc'])) or 'all of it'}: {detail['type']}"
        for detail in error.errors()[:3]
    )
