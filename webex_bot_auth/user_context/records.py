"""Between models and what is stored: JSON, sealed where there are encryption keys."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import SettingError, StoreUnreadable, WrongKey

if TYPE_CHECKING:
    from .cipher import Cipher

Model = TypeVar("Model", bound=BaseModel)


class Records:
    """Writes and reads records.

    :param encryption_keys: see :class:`~webex_bot_auth.user_context.cipher.Cipher`; none: plain JSON
    :param accept_plain: also where there are keys
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

        :param without: fields to leave out
        """
        plain = model.model_dump_json(exclude_none=True, exclude=without)
        if self._cipher is None:
            return plain
        return json.dumps({**_owner(model), "sealed": self._cipher.seal(plain, bound_to=bound_to)})

    def load(self, kind: type[Model], raw: str | bytes, *, bound_to: str, place: str) -> Model:
        """What :meth:`dump` wrote, or an earlier installation.

        :param place: named in errors
        :raises WrongKey: encrypted, and no key opens it
        :raises StoreUnreadable: anything else that is not a record
        """
        try:
            sealed = _sealed_in(raw)
            if sealed is not None:
                raw = self._unseal(sealed, bound_to=bound_to, place=place)
            elif not self._accept_plain:
                raise StoreUnreadable(place, "is not encrypted, and accept_plain=False")
            return kind.model_validate_json(raw)
        except ValidationError as error:
            # from None: what is unreadable may still hold tokens
            raise StoreUnreadable(place, f"not a {kind.__name__} ({_where(error)})") from None
        except ValueError:
            raise StoreUnreadable(place, "not JSON") from None

    def renewed(self, kind: type[Model], raw: str | bytes, *, bound_to: str, place: str) -> str | None:
        """The same record as :meth:`dump` writes it now; None where it is so already.

        :raises StoreUnreadable: see :meth:`load`
        """
        model = self.load(kind, raw, bound_to=bound_to, place=place)
        sealed = _sealed_in(raw)
        is_current = (
            sealed is None if self._cipher is None else sealed is not None and self._cipher.is_newest(sealed)
        )
        return None if is_current else self.dump(model, bound_to=bound_to)

    def _unseal(self, sealed: str, *, bound_to: str, place: str) -> str:
        if self._cipher is None:
            raise WrongKey(place, "is encrypted, and no encryption_keys are configured")
        from .cipher import NoKeyOpens  # needs the extra

        try:
            return self._cipher.open(sealed, bound_to=bound_to)
        except NoKeyOpens:
            raise WrongKey(place, "is encrypted, and none of the encryption_keys opens it") from None


def _cipher(keys: list[str | bytes]) -> Cipher:
    try:
        from .cipher import Cipher  # needs the extra
    except ImportError as error:
        raise SettingError("encryption_keys", "needs `pip install webex-bot-auth[encryption]`") from error
    return Cipher(keys)


def _sealed_in(raw: str | bytes) -> str | None:
    """What is sealed in a record; None: it is plain.

    :raises ValueError: not JSON
    """
    if not (b'"sealed"' in raw if isinstance(raw, bytes) else '"sealed"' in raw):
        return None  # most are seen to be plain without being parsed
    record: Any = json.loads(raw)
    sealed = record.get("sealed") if isinstance(record, dict) else None
    return sealed if isinstance(sealed, str) else None


def _owner(model: BaseModel) -> dict[str, str]:
    return {"user_id": owner} if (owner := getattr(model, "user_id", None)) else {}


def owner_of(raw: str | bytes) -> str:
    """Whose record this says it is; a sealed one opens for nobody else."""
    try:
        return str(json.loads(raw)["user_id"])
    except (ValueError, TypeError, KeyError):
        return ""


def _where(error: ValidationError) -> str:
    """Which fields are wrong and how, without what they hold."""
    return "; ".join(
        f"{'.'.join(map(str, detail['loc'])) or 'all of it'}: {detail['type']}"
        for detail in error.errors()[:3]
    )
