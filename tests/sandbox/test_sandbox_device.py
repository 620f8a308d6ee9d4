"""Logging in by device code."""

from __future__ import annotations

import pytest
import requests
from sandbox_world import World
from wxc_sdk import WebexSimpleApi
from wxc_sdk.integration import Integration

from webex_bot_auth.sandbox import Person


@pytest.fixture
def integration(world: World) -> Integration:
    return world.cloud.integration(scopes="spark:people_read")


class Device:
    """A device that logs in by device code.

    Attributes:
        started: The answer to its first request: the codes and where the user enters them.
    """

    def __init__(self, integration: Integration) -> None:
        self._integration = integration
        self._base = integration.token_service.rpartition("/")[0]
        form = {"client_id": integration.client_id, "scope": "spark:people_read"}
        self.started = requests.post(f"{self._base}/device/authorize", data=form, timeout=30).json()

    def poll(self) -> requests.Response:
        """Ask for tokens."""
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "device_code": self.started["device_code"],
            "client_id": self._integration.client_id,
        }
        auth = (self._integration.client_id, self._integration.client_secret)
        return requests.post(f"{self._base}/device/token", data=form, auth=auth, timeout=30)

    def decide(self, person: Person, decision: str) -> requests.Response:
        """Approve or deny, as a person on another screen."""
        form = {"user_code": self.started["user_code"], "person": person.id, "decision": decision}
        return requests.post(self.started["verification_uri"], data=form, timeout=30)


def test_a_device_polls_until_its_user_approves(world: World, integration: Integration) -> None:
    world.cloud.oauth.error_shape = "rfc6749"
    world.cloud.oauth.device_interval = 60  # two polls are never that far apart
    device = Device(integration)
    assert (device.started["expires_in"], device.started["interval"]) == (300, 60)
    pending = device.poll()
    assert (pending.status_code, pending.json()["error"]) == (428, "authorization_pending")
    hasty = device.poll()
    assert (hasty.status_code, hasty.json()["error"]) == (400, "slow_down")
    page = requests.get(device.started["verification_uri_complete"], timeout=30)
    assert device.started["user_code"] in page.text
    assert "connected" in device.decide(world.bob, "approve").text
    assert WebexSimpleApi(tokens=device.poll().json()["access_token"]).people.me().display_name == "Bob Brown"
    assert device.poll().json()["error"] == "invalid_grant"


def test_a_device_is_denied_or_waits_too_long(world: World, integration: Integration) -> None:
    world.cloud.oauth.error_shape = "rfc6749"
    denied, slow = Device(integration), Device(integration)
    denied.decide(world.alice, "deny")
    assert denied.poll().json()["error"] == "access_denied"
    world.cloud.pass_time(301)
    assert slow.poll().json()["error"] == "expired_token"
    assert slow.decide(world.alice, "approve").status_code == 400
