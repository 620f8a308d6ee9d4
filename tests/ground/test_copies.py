"""What a caller gets of a user's context is its own, whatever the models are like."""

from __future__ import annotations

from pydantic import ConfigDict, PrivateAttr
from wxc_sdk.tokens import Tokens

from webex_bot_auth import UserContext


class MyTokens(Tokens):
    model_config = ConfigDict(extra="allow")
    _uses: int = PrivateAttr(default=0)


def test_a_copy_is_equal_and_of_the_same_classes() -> None:
    context = UserContext(user_id="alice", tokens=MyTokens(access_token="a", note="kept"))
    copy = context.copied()
    assert copy == context
    assert type(copy.tokens) is MyTokens
    assert copy.model_dump_json() == context.model_dump_json()
    assert copy.model_fields_set == context.model_fields_set


def test_a_change_of_a_copy_changes_nothing_else() -> None:
    context = UserContext(user_id="alice", tokens=MyTokens(access_token="a", note="kept"))
    before = context.model_copy(deep=True)
    copy = context.copied()
    copy.email = "alice@example.com"
    copy.tokens.access_token = "b"
    copy.tokens.refresh_token = "c"
    copy.tokens.note = "changed"  # type: ignore[attr-defined]
    copy.tokens._uses = 1
    assert context == before
    assert context.model_fields_set == before.model_fields_set
    assert context.tokens.model_fields_set == before.tokens.model_fields_set
