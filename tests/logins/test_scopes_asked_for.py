"""Which scopes a login card asks for."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from support.makers import MakeManager
from wxc_sdk.integration import Integration

from webex_bot_auth.sandbox import Sandbox, open_url
from webex_bot_auth.testing.sample_contexts import context


def test_a_card_asks_for_what_is_needed_and_what_was_granted(
    make_manager: MakeManager, cloud: Sandbox, integration: Integration
) -> None:
    manager, alice = make_manager(), cloud.add_person("Alice Adams")
    own = set(integration.scopes)

    def asked(*scopes: str) -> set[str]:
        return asked_for(scopes)

    def asked_for(scopes: str | tuple[str, ...]) -> set[str]:
        manager.request_login(user_id=alice.id, scopes=scopes)
        card = [message for message in cloud.messages() if message.card][-1].card
        return set(parse_qs(urlsplit(open_url(card or {})).query)["scope"][0].split())

    assert asked() == own
    assert asked("spark:rooms_read") == {"spark:people_read", "spark:rooms_read"}
    assert asked_for("spark:people_read spark:rooms_read") == {"spark:people_read", "spark:rooms_read"}
    # one that the integration lacks is asked for: Webex says so, where the person would be asked for ever
    assert asked("meeting:lacking") == {"spark:people_read", "meeting:lacking"}
    granted = context(alice.id, scope="spark:messages_read other:scope")
    manager.set_user_context(user_id=alice.id, user_context=granted)
    assert asked("spark:rooms_read") == {"spark:people_read", "spark:rooms_read", "spark:messages_read"}
