"""The websocket."""

from ..events import events
from ..webex import Json, Webex, bare, body
from .cards import NUMBER, _submit

WORDS = "words that nobody else writes"


def _mention(webex: Webex, text: str = WORDS) -> Json:
    return body(webex.person.post(markdown=f"<@personId:{webex.bot.me['id']}> {text}"))


def user_id(webex: Webex) -> bool:
    """The answer to the registration of a device has the bot's UUID in `userId`."""
    with events(webex) as found:
        return bool(found.device["userId"] == bare(webex.bot.me["id"]))


def first_message(webex: Webex) -> bool:
    """The first message is `mercury.buffer_state` or `mercury.registration_status`."""
    with events(webex) as found:
        kind = found.first["data"]["eventType"]
    return kind in ("mercury.buffer_state", "mercury.registration_status")


def mention(webex: Webex) -> bool:
    """A mention comes as `post`: with the message's id, the person's UUID in `entryUUID`, and no text."""
    with events(webex) as found:
        message = _mention(webex)
        activity = found.verb("post")
    return (
        activity["id"] == bare(message["id"])
        and activity["actor"]["entryUUID"] == bare(webex.person.me["id"])
        and WORDS not in str(activity)
    )


def global_id(webex: Webex) -> bool:
    """An event has the space's id of the REST API in `target.globalId`."""
    with events(webex) as found:
        _mention(webex)
        return bool(found.verb("post")["target"]["globalId"] == webex.room)


def own_messages(webex: Webex) -> bool:
    """The bot's own messages come as events."""
    with events(webex) as found:
        message = body(webex.bot.post(text="mine"))
        return bool(found.verb("post")["id"] == bare(message["id"]))


def edited(webex: Webex) -> bool:
    """An edit comes as a new `post` whose parent is the message and of the type `edit`."""
    with events(webex) as found:
        message = _mention(webex)
        found.verb("post")
        body(webex.person.edit(message, markdown=f"<@personId:{webex.bot.me['id']}> edited"))
        activity = found.verb("post", "update")
    parent = activity["parent"]
    return (activity["verb"], parent["id"], parent["type"]) == ("post", bare(message["id"]), "edit")


def file(webex: Webex) -> bool:
    """A message with a file comes as `share`, and then as `update`."""
    with events(webex) as found:
        form = {"roomId": webex.room, "markdown": f"<@personId:{webex.bot.me['id']}> file"}
        files = {"files": ("one.txt", b"text", "text/plain")}
        body(webex.person.call("POST", "/messages", data=form, files=files))
        return [found.verb("post", "share", "update")["verb"] for _ in range(2)] == ["share", "update"]


def pressed(webex: Webex) -> bool:
    """A button that was pressed comes as `cardAction`, with the id of the attachment action."""
    with events(webex) as found:
        action = body(_submit(webex, NUMBER, {"number": "1"}))
        return bool(found.verb("cardAction")["id"] == bare(action["id"]))


def not_acknowledged(webex: Webex) -> bool:
    """An event that was not acknowledged comes again when the same device connects again."""
    with events(webex) as found:
        message = _mention(webex)
        found.verb("post")
        found.close()
        found.connect()
        return bool(found.verb("post")["id"] == bare(message["id"]))
