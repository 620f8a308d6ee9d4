"""The bodies of requests that post messages and submit cards, checked as Webex checks them."""

from __future__ import annotations

import html
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..model.errors import WebexError
from ..model.messages import Content

MAX_MESSAGE_BYTES = 7439  # of text, of Markdown and of HTML
CARD = "application/vnd.microsoft.card.adaptive"
MARKDOWN_SYNTAX = (
    (re.compile(r"</?(?:blockquote|p|br|div|li|ul|ol|h[1-6])\b[^>]*>", re.IGNORECASE), "\n"),
    (re.compile(r"<[a-zA-Z/][^>]*>"), ""),
    (re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1", re.DOTALL), r"\2"),
    (re.compile(r"(?<!\w)([*_])(?=\S)([^*_\n]+?)(?<=\S)\1(?!\w)"), r"\2"),
    (re.compile(r"```\w*\n?|`"), ""),
    (re.compile(r"^[ \t]*(?:>|#{1,6})[ \t]+", re.MULTILINE), ""),
)


class Attachment(BaseModel):
    """One card on a message."""

    content_type: str = Field(alias="contentType")
    content: dict[str, Any]


class NewMessage(BaseModel):
    """The body of ``POST /v1/messages``."""

    model_config = ConfigDict(strict=True)

    room_id: str | None = Field(None, alias="roomId")
    to_person_id: str | None = Field(None, alias="toPersonId")
    to_person_email: str | None = Field(None, alias="toPersonEmail")
    parent_id: str | None = Field(None, alias="parentId")
    text: str | None = None
    markdown: str | None = None
    html: str | None = None
    files: list[str] = Field(default_factory=list)
    attachments: list[Attachment] = Field(default_factory=list)


class NewAction(BaseModel):
    """The body of ``POST /v1/attachment/actions``."""

    type: str
    message_id: str = Field(alias="messageId")
    inputs: dict[str, Any] = Field(default_factory=dict)


def parse_message(body: object) -> NewMessage:
    """Return the message in the body of a request.

    Raises:
        WebexError: 400, the body is not a message.
    """
    try:
        return NewMessage.model_validate(body)
    except ValidationError as error:
        raise WebexError(400, _explain(error)) from error


def parse_action(body: object) -> NewAction:
    """Return the attachment action in the body of a request.

    Raises:
        WebexError: 400, the body is not an attachment action.
    """
    try:
        action = NewAction.model_validate(body)
    except ValidationError as error:
        raise WebexError(400, _explain(error)) from error
    if action.type != "submit":
        raise WebexError(400, "The attachment action's type must be submit.")
    return action


def content_of(new: NewMessage) -> Content:
    """Return what a message says.

    Raises:
        WebexError: 400, it is empty or too long, or has more than one card or no Adaptive Card.
    """
    if not (new.text or new.markdown or new.html or new.files or new.attachments):
        raise WebexError(400, "Unable to post message: text, markdown, files or attachments are needed.")
    for part in (new.text, new.markdown, new.html):
        if len((part or "").encode()) > MAX_MESSAGE_BYTES:
            raise WebexError(400, f"Message length limited to {MAX_MESSAGE_BYTES} bytes.")
    text = new.text or plain_text(new.markdown or new.html or "")
    return Content(text, new.markdown, new.html, _card_of(new.attachments), tuple(new.files))


def plain_text(markdown: str) -> str:
    """Return a Markdown text without its syntax."""
    for pattern, plain in MARKDOWN_SYNTAX:
        markdown = pattern.sub(plain, markdown)
    return html.unescape(markdown).strip()


def _card_of(attachments: list[Attachment]) -> dict[str, Any] | None:
    if len(attachments) > 1:
        raise WebexError(400, "Only one attachment is allowed per message.")
    for attachment in attachments:
        if attachment.content_type != CARD or attachment.content.get("type") != "AdaptiveCard":
            raise WebexError(400, f"The attachment must be an AdaptiveCard, its contentType {CARD}.")
        return attachment.content
    return None


def _explain(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"Invalid {'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}."
