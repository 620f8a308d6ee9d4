"""What clients in JavaScript need of the sandbox, without them; ``make javascript`` runs them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from api_client import call, card, sdk
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe, jws
from joserfc.jwk import ECKey, OctKey, RSAKey
from receiver import Receiver, receiving
from sandbox_world import World
from websockets.sync.client import ClientConnection, connect

from webex_bot_auth.sandbox.model import ids


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run a server that receives webhooks."""
    with receiving() as running:
        yield running


def catalog(world: World, path: str = "limited/catalog", **options: Any) -> dict[str, Any]:
    """Return the catalogue of services."""
    answer = requests.get(f"{world.cloud.url}/u2c/api/v1/{path}", timeout=30, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


# -- before the websocket


def test_tokens_have_three_parts_of_which_the_last_is_the_organization(world: World) -> None:
    integration = world.cloud.integration(scopes="spark:kms")
    url = integration.auth_url(state="s")
    landed = world.cloud.log_in(url, world.alice, stop_before_redirect=True)
    code = dict(part.split("=") for part in urlsplit(landed).query.split("&"))["code"]
    granted = integration.tokens_from_code(code=code)
    organization = ids.bare_uuid("ORGANIZATION", ids.ORGANIZATION)
    for token in (world.bot.token, world.alice.token, granted.access_token, granted.refresh_token):
        assert [len(token.split("_")), *token.split("_")[1:]] == [3, "PF84", organization]


def test_the_catalogue_comes_without_a_token_too_and_has_what_the_sdk_cannot_start_without(
    world: World,
) -> None:
    limited = catalog(world, params={"format": "hostmap"})
    assert limited == catalog(world, "catalog", headers={"Authorization": f"Bearer {world.bot.token}"})
    assert {"wdm", "conversation", "hydra", "metrics", "encryption"} == limited["serviceLinks"].keys()
    ((host, entries),) = limited["hostCatalog"].items()
    assert host == "127.0.0.1"  # without the port
    assert {one["id"].split(":")[3] for one in entries} == limited["serviceLinks"].keys()
    sent = requests.post(f"{limited['serviceLinks']['metrics']}/clientmetrics", json={}, timeout=30)
    assert sent.status_code == 204


@pytest.mark.parametrize("path", ["/people/?id={id}", "/people/me/", "/rooms//"])
def test_a_slash_at_the_end_makes_no_difference(world: World, path: str) -> None:
    written = path.format(id=world.bot.id)
    plain = written.replace("/?", "?").rstrip("/")
    assert (
        call(world.cloud, world.bot, f"GET {written}").json()
        == call(world.cloud, world.bot, f"GET {plain}").json()
    )


# -- the websocket


class Device:
    """A client that has registered a device and is connected."""

    def __init__(self, world: World) -> None:
        self.world = world
        links = catalog(world)["serviceLinks"]
        self.encryption = links["encryption"]
        self.registered = call(world.cloud, world.bot, f"POST {links['wdm']}/devices", json={}).json()
        self.socket: ClientConnection = connect(self.registered["webSocketUrl"])
        token = {"token": f"Bearer {world.bot.token}"}
        self.socket.send(json.dumps({"id": "1", "type": "authorization", "data": token}))

    def receive(self) -> dict[str, Any]:
        """Wait for the next event, and return its data."""
        return json.loads(self.socket.recv(timeout=30))["data"]


@pytest.fixture
def device(world: World) -> Iterator[Device]:
    """Connect as the bot."""
    connected = Device(world)
    yield connected
    connected.socket.close()


def test_the_first_message_after_the_authorization_is_the_registration_status(
    world: World, device: Device
) -> None:
    assert device.registered["userId"] == world.bot.uuid
    world.cloud.say(world.alice, world.direct, "hi")
    first, second = device.receive(), device.receive()
    assert first == {"eventType": "mercury.registration_status", "localClusterServiceUrls": {}}
    assert second["activity"]["target"]["globalId"] == world.direct.id


# -- the key service


class KeyClient:
    """The key exchange as the JavaScript SDK does it."""

    def __init__(self, device: Device) -> None:
        self._device = device
        assert device.receive()["eventType"] == "mercury.registration_status"
        user = device.registered["userId"]
        url = f"{device.encryption}/kms/{user}"
        details = call(device.world.cloud, device.world.bot, f"GET {url}").json()
        self.cluster, self.public = details["kmsCluster"], json.loads(details["rsaPublicKey"])
        self.agreed: OctKey | None = None

    def agree(self) -> None:
        """Agree on a key for all further requests."""
        half, key = ECKey.generate_key("P-256"), RSAKey.import_key(self.public)
        wanted = {"method": "create", "uri": f"{self.cluster}/ecdhe", "jwk": half.as_dict(private=False)}
        header = {"alg": "RSA-OAEP", "enc": "A256GCM", "kid": self.public["kid"]}
        answer = json.loads(jws.deserialize_compact(self._ask(wanted, header, key), key).payload)
        assert answer["status"] == 201
        shared = half.exchange_derive_key(ECKey.import_key(answer["key"]["jwk"]))
        secret = HKDF(SHA256(), 32, salt=None, info=b"").derive(shared)
        self.agreed = OctKey.import_key(secret, {"kid": answer["key"]["uri"]})

    def ask(self, **wanted: Any) -> dict[str, Any]:
        """Ask for something with the key that was agreed on."""
        assert self.agreed
        header = {"alg": "dir", "enc": "A256GCM", "kid": self.agreed.kid}
        return json.loads(jwe.decrypt_compact(self._ask(wanted, header, self.agreed), self.agreed).plaintext)

    def _ask(self, wanted: dict[str, Any], header: dict[str, Any], key: Any) -> str:
        client = {"clientId": self._device.registered["url"]}
        message = jwe.encrypt_compact(header, json.dumps({**wanted, "requestId": "r", "client": client}), key)
        assert self.send(message) == 200
        data = self._device.receive()
        assert data["eventType"] == "encryption.kms_message"
        (answer,) = data["encryption"]["kmsMessages"]
        return answer

    def send(self, message: str) -> int:
        """Send a message, and return the HTTP status."""
        body = {"destination": self.cluster, "kmsMessages": [message]}
        world, url = self._device.world, f"{self._device.encryption}/kms/messages"
        return call(world.cloud, world.bot, f"POST {url}", json=body).status_code


@pytest.fixture
def keys(device: Device) -> KeyClient:
    """Return a client of the key service that has agreed on nothing yet."""
    return KeyClient(device)


def test_the_public_key_has_a_certificate_for_the_host_of_its_id(keys: KeyClient) -> None:
    certificate = x509.load_der_x509_certificate(base64.b64decode(keys.public["x5c"][0]))
    (name,) = certificate.subject.get_attributes_for_oid(x509.oid.NameOID.COMMON_NAME)
    assert name.value == urlsplit(keys.public["kid"]).hostname
    numbers = certificate.public_key().public_numbers()
    modulus = base64.urlsafe_b64decode(keys.public["n"] + "==")
    assert (keys.public["kty"], int.from_bytes(modulus, "big")) == ("RSA", numbers.n)


def test_a_client_agrees_on_a_key_and_gets_keys(keys: KeyClient) -> None:
    keys.agree()
    made = keys.ask(method="create", uri="/keys", count=2)
    assert (made["status"], made["requestId"], len(made["keys"])) == (201, "r", 2)
    assert made["keys"][0]["jwk"]["kty"] == "oct"
    assert keys.ask(method="retrieve", uri=made["keys"][0]["uri"])["key"] == made["keys"][0]
    assert keys.ask(method="update", uri="/ping")["status"] == 200
    assert keys.ask(method="create", uri="/resources")["status"] == 501


def test_what_cannot_be_decrypted_is_refused(keys: KeyClient) -> None:
    stranger = OctKey.generate_key(256)
    for header in ({"alg": "dir", "enc": "A256GCM", "kid": "unknown"}, {"alg": "dir", "enc": "A256GCM"}):
        assert keys.send(jwe.encrypt_compact(header, "{}", stranger)) == 400
    assert keys.send("a.b.c.d.e") == 400
    public = RSAKey.import_key(keys.public)
    header = {"alg": "RSA-OAEP", "enc": "A256GCM", "kid": keys.public["kid"]}
    assert keys.send(jwe.encrypt_compact(header, json.dumps({"client": {"clientId": "x"}}), public)) == 400


# -- webhooks


def test_the_signature_is_that_of_the_body_parsed_and_written_again(world: World, receiver: Receiver) -> None:
    world.cloud.group("Zoë 😀", [world.alice, world.bot])
    sdk(world.bot).webhooks.create("Zoë 😀 \u2028", receiver.url, "messages", "created", secret="sesame")
    world.cloud.say(world.alice, world.direct, "hi")
    headers, body = receiver.next_raw()
    again = json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode()
    assert again == body  # what JSON.stringify gives back
    assert headers["X-Spark-Signature"] == hmac.new(b"sesame", again, hashlib.sha1).hexdigest()


def test_a_webhook_for_all_leaves_submitted_cards_to_one_of_their_own(
    world: World, receiver: Receiver
) -> None:
    for name, resource, event in (("all", "all", "all"), ("cards", "attachmentActions", "created")):
        sdk(world.bot).webhooks.create(name, receiver.url, resource, event)
    asked = sdk(world.bot).messages.create(world.direct.id, text="card", attachments=[card()])
    sdk(world.alice).attachment_actions.create("submit", asked.id, {"a": "1"})
    world.cloud.say(world.alice, world.direct, "after it")
    seen = sorted((one["name"], one["resource"]) for one in (receiver.next() for _ in range(3)))
    assert seen == [("all", "messages"), ("all", "messages"), ("cards", "attachmentActions")]


def test_a_webhook_names_the_integration_or_bot_that_registered_it(world: World, receiver: Receiver) -> None:
    hook = {"name": "x", "targetUrl": receiver.url, "resource": "messages", "event": "created"}
    made = call(world.cloud, world.bot, "POST /webhooks", json=hook).json()
    assert made["appId"] == ids.encode("APPLICATION", world.bot.uuid)
    assert call(world.cloud, world.bot, "GET /webhooks").json()["items"][0]["appId"] == made["appId"]
    world.cloud.say(world.alice, world.direct, "hi")
    assert receiver.next()["appId"] == made["appId"]
    assert "appId" not in call(world.cloud, world.alice, "POST /webhooks", json=hook).json()


def test_https_on_this_machine_is_called_without_tls_where_there_is_none(
    world: World, receiver: Receiver
) -> None:
    sdk(world.bot).webhooks.create("x", receiver.url.replace("http", "https"), "messages", "created")
    said = world.cloud.say(world.alice, world.direct, "hi")
    assert receiver.next()["data"]["id"] == said.id
