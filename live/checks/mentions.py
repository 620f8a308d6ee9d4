"""Mentions and HTML."""

from ..webex import Webex, body


def by_id(webex: Webex) -> bool:
    """`<@personId:...>` in Markdown is a mention: in `mentionedPeople`, and `spark-mention` in `html`."""
    markdown = f"<@personId:{webex.bot.me['id']}> hello"
    message = body(webex.person.get(f"/messages/{body(webex.person.post(markdown=markdown))['id']}"))
    is_marked = (
        "<spark-mention" in message["html"] and f'data-object-id="{webex.bot.me["id"]}"' in message["html"]
    )
    return is_marked and message["mentionedPeople"] == [webex.bot.me["id"]]


def shown_name(webex: Webex) -> bool:
    """The text of a mention is the name behind `|`, whatever it is."""
    markdown = f"<@personId:{webex.bot.me['id']}|Robot> hello"
    message = body(webex.bot.get(f"/messages/{body(webex.person.post(markdown=markdown))['id']}"))
    return bool(message["text"] == "Robot hello")


def typed_name(webex: Webex) -> bool:
    """`@` with a name in `text` mentions nobody."""
    text = f"@{webex.bot.me['displayName']} hello"
    return not body(webex.person.post(text=text)).get("mentionedPeople")


def oneself(webex: Webex) -> bool:
    """Nobody mentions themselves."""
    markdown = f"<@personId:{webex.bot.me['id']}> hello"
    return not body(webex.bot.post(markdown=markdown)).get("mentionedPeople")


def script(webex: Webex) -> bool:
    """HTML comes back without `script` and `style`."""
    sent = "<p>one</p><script>two()</script><p style='color: red'>three</p>"
    posted = body(webex.bot.post(html=sent))
    found = body(webex.bot.get(f"/messages/{posted['id']}"))["html"]
    return "script" not in found and "style" not in found and "three" in found
