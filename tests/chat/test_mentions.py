"""The mention of a bot is taken out of a message, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from webex_bot.models.command import Command

from webex_bot_auth.chat.mentions import without_mentions
from webex_bot_auth.models import person_id
from webex_bot_auth.sandbox import Message, Person, Room
from webex_bot_auth.testing import WebexSandbox

BOT, OTHER = "0d0b2d5a-8f0c-4b1e-9d55-1a2b3c4d5e6f", "7c1f0a7e-2222-4c4c-8d8d-aaaabbbbcccc"
#: what stands for a mention of the bot, of somebody else, and of all
MENTION = f'<spark-mention data-object-type="person" data-object-id="{person_id(BOT)}">'
SOMEBODY = f'<spark-mention data-object-type="person" data-object-id="{person_id(OTHER)}">'
END = "</spark-mention>"
ALL = '<spark-mention data-object-type="groupMention" data-group-type="all">'


@pytest.mark.parametrize(
    ("text", "html", "rest"),
    [
        ("Bo say Bob, Boston", "<p>[Bo] say Bob, Boston</p>", " say Bob, Boston"),
        ("AI MAIL to PARIS", "[AI] MAIL to PARIS", " MAIL to PARIS"),
        ("Ops DevOps Ops-7", "[Ops] DevOps Ops-7", " DevOps Ops-7"),
        ("Ops-7 is down, Ops", "Ops-7 is down, [Ops]", "Ops-7 is down, "),
        ("tell Bob and Bo about Bo", "tell Bob and [Bo] about Bo", "tell Bob and  about Bo"),
        ("tell Bob and Bo about Bo", "tell Bob and Bo about [Bo]", "tell Bob and Bo about "),
        ("Bo tell Bo of Bob", "[Bo] tell [Bo] of Bob", " tell  of Bob"),
        ("BoBo", "[Bo][Bo]", ""),
        ("BoBo", "Bo[Bo]", "Bo"),
        ("aaa", "a[aa]", "a"),
        ("aaa", "[aa]a", "a"),
        ("Bo ask Bo", "{Bo} ask [Bo]", "Bo ask "),
        ("Bo ask Bo", "[Bo] ask {Bo}", " ask Bo"),
        ("All ask Bo", "<All> ask [Bo]", "All ask "),
        ("Bob ask Bo", "{Bob} ask [Bo]", "Bob ask "),
        # shortened, in other case, of an earlier name, with a mark behind
        ("Test login", "[Test] login", " login"),
        ("test bot login", "[test bot] login", " login"),
        ("Old Name: login", "[Old Name]: login", ": login"),
        ("Test Bot, login", "[Test Bot], login", ", login"),
        # white space that one of both does not have
        ("Test Bot login", "[Test&nbsp;Bot]&nbsp;login", " login"),
        ("Test  Bot login", "[Test Bot] login", " login"),
        ("Test Bot login", "<p>[Test\n Bot] login</p>", " login"),
        ("one\nBo two", "<p>one</p><p>[Bo] two</p>", "one\n two"),
        ("Bo\nBob\nBo", "<p>Bo</p><p>Bob</p><p>[Bo]</p>", "Bo\nBob\n"),
        ("Bo bob Bo", "Bo<br/>bob<br>[Bo]", "Bo bob "),
        ("- Bo\n- Bo", "<ul><li>Bo</li><li>[Bo]</li></ul>", "- Bo\n- "),
        # markup and entities
        ("Bo say hi", "<b>[Bo]</b> say <i>hi</i>", " say hi"),
        ("Test Bot say hi", "[<b>Test</b> Bot] say hi", " say hi"),
        ("Bob Bo", "<b>Bo</b>b [Bo]", "Bob "),
        ("R&D <1> say R&D", "[R&amp;D &lt;1&gt;] say R&amp;D", " say R&D"),
        ("a < b, Bo > c", "a &lt; b, [Bo] &gt; c", "a < b,  > c"),
        ("O'Bot ask O'Bot", "O&#39;Bot ask [O&#x27;Bot]", "O'Bot ask "),
        ("C++ (Bot).* say C++", "[C++ (Bot).*] say C++", " say C++"),
        ("Žofie 🤖 say 🤖", "[Žofie 🤖] say 🤖", " say 🤖"),
        ("ボット 言って ボット", "[ボット] 言って ボット", " 言って ボット"),
        ("Bo see Bo", '[Bo] see <a href="https://example.com/Bo">Bo</a>', " see Bo"),
        ("Bo x=1\n  Bo", "[Bo] <pre><code>x=1\n  Bo</code></pre>", " x=1\n  Bo"),
        ("Bo quote", "<blockquote>[Bo]</blockquote>quote", " quote"),
        # nothing of it is a mention of the bot
        ("Bo say hi", "<p>Bo say hi</p>", "Bo say hi"),
        ("Bo say hi", "{Bo} say hi", "Bo say hi"),
        ("Bo say hi", "<spark-mention>Bo</spark-mention> say hi", "Bo say hi"),
        ("say hi", "[]say hi", "say hi"),
        ("say hi", "[Bo] say hi", "say hi"),
        ("Bo say hi", MENTION + "Bo say hi", "Bo say hi"),
        ("", "[Bo]", ""),
        # no HTML: the name counts at the beginning alone
        ("Bo say Bob", None, " say Bob"),
        ("@bo, say Bo", None, ", say Bo"),
        ("  Bo", "", ""),
        ("Bo: login", None, ": login"),
        ("Bob says Bo", None, "Bob says Bo"),
        ("Bo-7 is down", None, "Bo-7 is down"),
        ("Bo.by login", None, "Bo.by login"),
        ("tell Bo", None, "tell Bo"),
    ],
)
def test_the_mention_goes_and_nothing_else(text: str, html: str | None, rest: str) -> None:
    for opening in (MENTION, MENTION.replace(person_id(BOT), BOT), MENTION.replace('"', "'")):
        marked = html
        for sign, tag in (("<All>", f"{ALL}All}}"), ("{", SOMEBODY), ("[", opening), ("]", "}"), ("}", END)):
            marked = marked and marked.replace(sign, tag)
        assert without_mentions(text, marked, person_id(BOT), "Bo") == rest


class Heard(Command):  # type: ignore[misc]
    """Answers with what it gets."""

    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
        return f"{self.command_keyword}({message})"


def hears(sandbox: WebexSandbox, person: Person, room: Room, html: str) -> Message:
    """Post HTML as a person, as Webex's clients do."""
    headers = {"Authorization": f"Bearer {person.token}"}
    body = {"roomId": room.id, "html": html}
    requests.post(f"{sandbox.url}/v1/messages", json=body, headers=headers, timeout=30).raise_for_status()
    return sandbox.messages(room)[-1]


@pytest.mark.parametrize(
    ("name", "html", "answer"),
    [
        ("Bo", "<p>[Bo] say Bob, Boston</p>", "say( Bob, Boston)"),
        ("AI", "[AI] MAIL to PARIS", "mail( to PARIS)"),
        ("Bo", "please say hi to Bob, [Bo]", "say(please say hi to Bob,)"),
        # the words of the mention name a command as well, as they do for webex_bot alone
        ("My Foobar", "[My Foobar] tell me a joke", "foobar(My Foobar tell me a joke)"),
        ("Foobar", "[foobar] tell me a joke", "foobar( tell me a joke)"),
        ("Foobar", "[Foobar] say hi", "say( hi)"),
        ("Bo", "[Bo] status", "bo status()"),
        ("Exact", "[Exact]", "exact()"),
        ("Exact", "[Exact] please", "This bot requires a client which can render cards."),  # help
    ],
)
def test_a_command_gets_what_was_said_to_the_bot(
    webex_sandbox: WebexSandbox, name: str, html: str, answer: str
) -> None:
    commands = [Heard(command_keyword=keyword) for keyword in ("say", "mail", "foobar", "bo status")]
    exact = Heard(command_keyword="exact", exact_command_keyword_match=True)
    bot = webex_sandbox.run(*commands, exact, name=name)
    alice = webex_sandbox.add_person("Alice Adams")
    marked = html.replace("[", MENTION.replace(person_id(BOT), bot.person.id)).replace("]", END)
    asked = hears(webex_sandbox, alice, bot.group(alice), marked)
    assert bot.answer_to(asked).text == answer
