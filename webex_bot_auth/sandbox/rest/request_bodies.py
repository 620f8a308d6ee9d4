"""The bodies of requests, checked as Webex checks them."""

from __future__ import annotations

from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from ..content import card_limits
from ..content.markup import plain_text
from ..model.errors import WebexError
from ..model.messages import Content, File

MAX_MESSAGE_BYTES = 7439  # of text, of Markdown and of HTML


class Body(BaseModel):
    """A body; its fields have the names of the REST API in JSON, and those of Python in code."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, strict=True)


AnyBody = TypeVar("AnyBody", bound=BaseModel)


class Attachment(Body):
    """One card on a message."""

    content_type: str
    content: dict[str, Any]


class NewMessage(Body):
    """The body of ``POST /v1/messages``."""

    room_id: str | None = None
    to_person_id: str | None = None
    to_person_email: str | None = None
    parent_id: str | None = None
    text: str | None = None
    markdown: str | None = None
    html: str | None = None
    files: list[str] = Field(default_factory=list)
    attachments: list[Attachment] = Field(default_factory=list)


def parse(model: type[AnyBody], body: object) -> AnyBody:
    """Return a body in the form of its model.

    Raises:
        WebexError: 400, it does not have this form.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise WebexError(400, _explain(error)) from error


def requested(model: type[AnyBody]) -> AnyBody:
    """Return the body of the current request, which is JSON or a form.

    Raises:
        WebexError: 400, it does not have the form of the model; 415, it is neither JSON nor a form.
    """
    if request.is_json:
        return parse(model, request.get_json(silent=True))
    if request.mimetype not in ("multipart/form-data", "application/x-www-form-urlencoded"):
        raise WebexError(415)
    lists = {"files", "attachments"}
    values = {
        key: request.form.getlist(key) if key in lists else value for key, value in request.form.items()
    }
    try:
        return model.model_validate(values, strict=False)
    except ValidationError as error:
        raise WebexError(400, _explain(error)) from error


def parse_message(body: object) -> NewMessage:
    """Return the message in the body of a request.

    Raises:
        WebexError: 400, the body is not a message.
    """
    return parse(NewMessage, body)


def content_of(new: NewMessage, files: tuple[File, ...] = ()) -> Content:
    """Return what a message says.

    Args:
        new: The body of the request.
        files: The files on the message.

    Raises:
        WebexError: 400, it is empty or too long, or has more than one file or card, or no Adaptive Card.
    """
    if not (new.text or new.markdown or new.html or files or new.attachments):
        raise WebexError(400, "Unable to post message: text, markdown, files or attachments are needed.")
    for part in (new.text, new.markdown, new.html):
        if len((part or "").encode()) > MAX_MESSAGE_BYTES:
            raise WebexError(400, f"Message length limited to {MAX_MESSAGE_BYTES} bytes.")
    if len(files) > 1:
        raise WebexError(400, "Only one file is allowed per message.")
    text = new.text or plain_text(new.markdown or new.html or "")
    return Content(text, new.markdown, new.html, _card_of(new), files)


def _card_of(new: NewMessage) -> dict[str, Any] | None:
    if len(new.attachments) > 1:
        raise WebexError(400, "Only one attachment is allowed per message.")
    for attachment in new.attachments:
        card_limits.check(attachment.content_type, attachment.content)
        if not (new.text or new.markdown or new.html):
            raise WebexError(400, "A card needs text or markdown too, for clients that cannot show it.")
        return attachment.content
    return None


def _explain(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"Invalid {'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}."
