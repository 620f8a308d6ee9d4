"""A small key service: it agrees on a key with each client, and makes keys. Nothing here uses them.

A client encrypts its first request with the service's RSA key, and proposes one half of an ECDH exchange. The
answer has the other half, and is signed. All further requests and answers are encrypted with the key that
both derive.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..http.strict_json import loads
from ..model.clock import Clock, iso
from ..model.errors import WebexError
from ..model.ids import new_uuid
from ..websocket.certificate import self_signed

if TYPE_CHECKING:
    from joserfc.jwk import OctKey, RSAKey

Json = dict[str, Any]
HOST = "kms.sandbox.example"
CLUSTER = f"kms://{HOST}"
LIFETIME = timedelta(days=1)  # of a key that was agreed on
MAX_KEYS = 100  # of one request


class KeyService:
    """The keys of the service and of its clients.

    Args:
        clock: The sandbox's clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._own: RSAKey | None = None
        self._transport: dict[str, RSAKey | OctKey] = {}  # what requests are encrypted with, by the key's ID
        self._made: dict[str, Json] = {}  # what clients have asked for, by the key's address

    def details(self) -> Json:
        """Return where the service is, and its public key with a certificate.

        Raises:
            WebexError: 501, the package joserfc is not installed.
        """
        return {"kmsCluster": CLUSTER, "rsaPublicKey": json.dumps(self._own_key().as_dict(private=False))}

    def _own_key(self) -> RSAKey:
        try:
            from joserfc.jwk import RSAKey
        except ImportError as error:
            raise WebexError(501, 'The key service needs: pip install "webex-bot-auth[sandbox]"') from error
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        with self._lock:
            if self._own is None:  # to make it takes longer than the start of a sandbox
                kid = f"{CLUSTER}/{new_uuid()}"
                private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
                certificate = self_signed(private, HOST, []).public_bytes(Encoding.DER)
                x5c = [base64.b64encode(certificate).decode()]
                pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
                self._own = RSAKey.import_key(pem, {"kid": kid, "x5c": x5c})
                self._transport[kid] = self._own
            return self._own

    def answer(self, message: str) -> tuple[str, str]:
        """Answer a request.

        Args:
            message: The request, encrypted.

        Returns:
            The address of the device that asks, and the answer, signed or encrypted.

        Raises:
            WebexError: 400, the request cannot be read; 501, the package joserfc is not installed.
        """
        own = self._own_key()
        from joserfc import jwe, jws
        from joserfc.errors import JoseError

        try:
            opened = jwe.decrypt_compact(message, lambda found: self._transport[found.headers()["kid"]])
            kid, request = opened.headers()["kid"], loads(opened.plaintext or b"")
            device = str(request["client"]["clientId"])
            result = self._agree(request) if kid == own.kid else self._result(request)
        except (JoseError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise WebexError(400, "The key service cannot read this message.") from error
        text = json.dumps({"requestId": request.get("requestId"), **result})
        if kid == own.kid:
            return device, jws.serialize_compact({"alg": "RS256", "kid": kid}, text, own)
        header = {"alg": "dir", "enc": "A256GCM", "kid": kid}
        return device, jwe.encrypt_compact(header, text, self._transport[kid])

    def _agree(self, request: Mapping[str, Any]) -> Json:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF
        from joserfc.jwk import ECKey, OctKey

        half = ECKey.generate_key("P-256")
        proposed = ECKey.import_key({name: request["jwk"][name] for name in ("kty", "crv", "x", "y")})
        secret = HKDF(SHA256(), 32, salt=None, info=b"").derive(half.exchange_derive_key(proposed))
        uri, now = f"{CLUSTER}/ecdhe/{new_uuid()}", self._clock.now_utc()
        self._transport[uri] = OctKey.import_key(secret, {"kid": uri})
        dates = {"createDate": iso(now), "expirationDate": iso(now + LIFETIME)}
        return {"status": 201, "key": {"uri": uri, "jwk": half.as_dict(private=False), **dates}}

    def _result(self, request: Mapping[str, Any]) -> Json:
        method, uri = request["method"], request["uri"]
        if (method, uri) == ("create", "/keys"):
            return {
                "status": 201,
                "keys": [self._make() for _ in range(min(int(request["count"]), MAX_KEYS))],
            }
        if method == "retrieve" and uri in self._made:
            return {"status": 200, "key": self._made[uri]}
        if (method, uri) == ("update", "/ping"):
            return {"status": 200}
        return {"status": 501, "reason": f"the sandbox's key service does not have {method} {uri}"}

    def _make(self) -> Json:
        from joserfc.jwk import OctKey

        uri = f"{CLUSTER}/keys/{new_uuid()}"
        jwk = OctKey.generate_key(256, {"kid": uri, "alg": "A256GCM"}).as_dict(private=True)
        self._made[uri] = {"uri": uri, "jwk": jwk, "createDate": iso(self._clock.now_utc())}
        return self._made[uri]
