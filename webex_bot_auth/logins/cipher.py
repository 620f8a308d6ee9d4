"""Tokens at rest: AES-256-GCM, bound to the user, with keys that rotate.

AES-GCM rather than Fernet, because it authenticates associated data: a record is bound to the place where
it stands, so that one user's record under another's key does not open. Fernet has nothing like it.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..errors import SettingError

VERSION = "v1"
KEY_BYTES = 32
NONCE_BYTES = 12


class NoKeyOpens(Exception):
    """None of the keys opens this; without prose, as the caller knows what it was."""


class Cipher:
    """Seals with the first key, opens with any.

    Args:
        keys: 32 bytes each, in (URL-safe) base64, as ``openssl rand -base64 32`` or
            ``Fernet.generate_key()`` make them

    Raises:
        SettingError: a key is not that
    """

    def __init__(self, keys: Iterable[str | bytes]) -> None:
        decoded = [_decode(key) for key in keys]
        self._keys = {_key_id(key): AESGCM(key) for key in decoded}
        self._newest = _key_id(decoded[0])

    def seal(self, plain: str, *, bound_to: str) -> str:
        """Encrypt a text for one place: ``v1.<key id>.<base64 of nonce and ciphertext>``."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._keys[self._newest].encrypt(nonce, plain.encode(), _associated(bound_to))
        return f"{self._newest}.{base64.urlsafe_b64encode(nonce + sealed).decode('ascii')}"

    def open(self, sealed: str, *, bound_to: str) -> str:
        """Decrypt.

        Raises:
            NoKeyOpens: unknown version or key, another place's record, or changed since
        """
        try:
            name, _, body = sealed.rpartition(".")
            data = base64.b64decode(body, altchars=b"-_", validate=True)
            key = self._keys[name]
            return key.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _associated(bound_to)).decode()
        except (ValueError, KeyError, InvalidTag):
            raise NoKeyOpens from None

    def has_key_of(self, sealed: str) -> bool:
        """Tell whether the key with which this was sealed is one of ours."""
        return sealed.rpartition(".")[0] in self._keys

    def is_newest(self, sealed: str) -> bool:
        """Was this sealed with the first key?"""
        return sealed.startswith(f"{self._newest}.")


def _associated(bound_to: str) -> bytes:
    return f"webex-bot-auth:{VERSION}:{bound_to}".encode("utf-8", "surrogatepass")


def _key_id(key: bytes) -> str:
    """Names a key without telling it: enough of a hash to choose among a handful."""
    return f"{VERSION}.{hashlib.sha256(b'webex-bot-auth key id' + key).hexdigest()[:8]}"


def _decode(key: str | bytes) -> bytes:
    text = key.decode("ascii", "replace") if isinstance(key, bytes) else key
    text = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        decoded = b""
    if len(decoded) != KEY_BYTES:
        # without the key: it is a secret even when it is malformed
        raise SettingError(
            "encryption_keys",
            f"each has to be {KEY_BYTES} bytes in base64, as `openssl rand -base64 32` prints",
        )
    return decoded
