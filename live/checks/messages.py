"""Messages."""

from ..results import Outcome
from ..webex import Webex, answered, bare, body, both


def length(webex: Webex) -> Outcome:
    """A message may have 7,439 bytes; 7,440 are refused with 400, also as 3,720 characters of two bytes."""
    return both(
        answered(webex.bot.post(text="x" * 7439), 200),
        answered(webex.bot.post(text="x" * 7440), 400),
        answered(webex.bot.post(text="é" * 3720), 400),
    )


def two_files(webex: Webex) -> Outcome:
    """A message with two files is refused with 400."""
    files = [("files", (name, b"text", "text/plain")) for name in ("one.txt", "two.txt")]
    return answered(webex.bot.call("POST", "/messages", data={"roomId": webex.room}, files=files), 400)


def html_of_markdown(webex: Webex) -> bool:
    """The answer to a POST with Markdown has no `html`; that to a GET of the same message has."""
    posted = body(webex.bot.post(markdown="**bold**"))
    return "html" not in posted and "html" in body(webex.bot.get(f"/messages/{posted['id']}"))


def bare_parent(webex: Webex) -> bool:
    """A reply may name its parent by the bare UUID."""
    parent = body(webex.bot.post(text="parent"))
    reply = body(webex.bot.post(text="reply", parentId=bare(parent["id"])))
    return bool(reply["parentId"] == parent["id"])


def reply_to_a_reply(webex: Webex) -> bool:
    """A reply to a reply belongs to the first message of the thread."""
    parent = body(webex.bot.post(text="parent"))
    reply = body(webex.bot.post(text="reply", parentId=parent["id"]))
    return bool(body(webex.bot.post(text="again", parentId=reply["id"]))["parentId"] == parent["id"])


def replies_outlive_their_parent(webex: Webex) -> Outcome:
    """A reply stays where the first message of its thread is deleted, which is 404 then."""
    parent = body(webex.bot.post(text="parent"))
    reply = body(webex.bot.post(text="reply", parentId=parent["id"]))
    return both(
        answered(webex.bot.call("DELETE", f"/messages/{parent['id']}"), 204),
        answered(webex.bot.get(f"/messages/{parent['id']}"), 404),
        answered(webex.bot.get(f"/messages/{reply['id']}"), 200),
    )


def not_for_the_bot(webex: Webex) -> Outcome:
    """A message of a group that does not mention the bot is 404 for it."""
    return answered(webex.bot.get(f"/messages/{body(webex.person.post(text='no mention'))['id']}"), 404)


def mentions_of_others(webex: Webex) -> Outcome:
    """`mentionedPeople` with somebody else than the caller is refused with 400."""
    other = webex.bot.me["id"]
    return answered(webex.person.get("/messages", roomId=webex.room, mentionedPeople=other), 400)
