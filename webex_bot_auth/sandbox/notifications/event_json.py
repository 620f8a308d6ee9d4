"""The data of an event in a webhook and in the list of events."""

from __future__ import annotations

from ..model.activities import Activity
from ..model.messages import AttachmentAction, Message
from ..model.rooms import Membership, Tab
from ..rest.response_json import Json, action_json, membership_json, message_json, room_json, tab_json

SECRET = {"messages": ("text", "markdown", "html", "attachments"), "attachmentActions": ("inputs",)}
LISTED = {  # what the list of events has of a message
    "messages": ("id", "roomId", "roomType", "text", "personId", "personEmail", "created")
}


def webhook_data(activity: Activity, base_url: str) -> Json:
    """Return the data of a webhook: what the REST API returns, without what is encrypted at Webex."""
    hidden = SECRET.get(activity.resource, ())
    return {key: value for key, value in _item(activity, base_url).items() if key not in hidden}


def event_data(activity: Activity, base_url: str) -> Json:
    """Return the data of an event in the list."""
    fields = _item(activity, base_url)
    listed = LISTED.get(activity.resource, tuple(fields))
    return {key: value for key, value in fields.items() if key in listed}


def _item(activity: Activity, base_url: str) -> Json:
    item = activity.item
    if isinstance(item, Message):
        return message_json(item, base_url)
    if isinstance(item, AttachmentAction):
        return action_json(item)
    if isinstance(item, Membership):
        return membership_json(item)
    if isinstance(item, Tab):
        return tab_json(item)
    return room_json(item, activity.actor)
