"""The properties that must hold, and the tests that show them.

``PYTHONPATH=tests python -m support.properties`` writes PROPERTIES.md.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from support.syntax import parsed

TESTS = Path(__file__).parent.parent
TABLE = TESTS / "PROPERTIES.md"
#: part of the package, as backends of other authors must have the same properties
CONTRACT = TESTS.parent / "webex_bot_auth" / "testing" / "contract"

PROPERTIES = {
    1: "A flow id has at least 128 random bits; 10,000 are distinct.",
    2: "It can be used once: of 20 parallel redirects one exchanges the code.",
    3: "It expires: later, nothing is called and nothing stored, and the page says so.",
    4: "An unknown, forged, expired or used id calls no token endpoint and messages nobody.",
    5: "Who logs in has to be the person who asked; else nothing is stored, and neither learns of the other.",
    6: "PKCE S256: the challenge fits the verifier, which differs for each flow and stays on the server.",
    7: "The redirect address comes from the configuration alone, and the page never redirects.",
    8: "HEAD and previews do not use a flow up; other methods get 405.",
    9: "Malformed parameters get 400 before the store is touched.",
    10: "An error with a valid state ends that flow alone; code and error together, or neither, get 400.",
    11: "Pending flows and login messages of one user are bounded.",
    12: "The login link goes to the person alone, or nowhere.",
    13: "Every answer of the page has the security headers.",
    14: "Text from outside is inert on the page.",
    15: "No page holds a traceback, a token, or another person's id.",
    16: "A login, refresh and logout with all loggers at DEBUG leave no secret in any record.",
    17: "repr, str and tracebacks of our objects and errors hold no secret.",
    18: "Files are for their owner alone under any umask; a symbolic link is refused.",
    19: "With encryption keys no token is stored in clear, records are bound to their user, and keys rotate.",
    20: "rediss checks certificate and host name unless the URL says otherwise.",
    21: "A token service that is neither https nor on this machine is refused at the start.",
    22: "Threads and processes with one expired token make one refresh; a holder that dies frees the lease.",
    23: "A revoked grant is dropped; a passing fault loses nothing.",
    24: "A wrong client id or secret loses nothing, and the operator finds the reason in the log.",
    25: "What a refresh leaves out stays as it was; the same token again does not loop.",
    26: "A logout or login during a refresh wins.",
    27: "A token service that never answers holds a command for a bounded time.",
    28: "A refused token leads to one new login; refreshes are few; a failed exchange offers a fresh link.",
    29: "100 kills while the file is written lose nobody.",
    30: "Two processes writing 200 users each to one file leave 400.",
    31: "A corrupt file or record is a clear error that names the place; others go on.",
    32: "Redis down, slow, restarted or read-only: a clear answer in bounded time, and recovery.",
    33: "200 messages of 20 users at once: 200 answers, each with its own token; an event runs once.",
    34: "10,000 random queries: no 5xx, and no exchange without a live flow.",
    35: "User ids of any characters survive a round trip.",
    36: "A manager that was made before a fork works after it: logins are stored, and no lock stays held.",
    37: "Every wait for Webex's REST API has an end, answers are limited in size, and none holds up others.",
    38: "Who is not approved gets nothing by a card either: no login card, no run, no account command.",
    39: "The scopes of stacked guards, of class and method, of parent and subclass all count.",
    40: "Tokens of the wrong person are used for nothing; a logout revokes this one login, or none.",
    41: "A 401 for a token that is no longer the stored one asks for no login.",
    42: "Whatever a command raises, its author gets a sentence, and the log no token.",
    43: "Rate limits are waited out for a second at least, and given up within a minute.",
    44: "A state of another form touches no storage, and no request touches what is not ours.",
    45: "Two bots on one Redis: each login, card, event, waiting command and poll belongs to its bot.",
    46: "A logout ends all that is pending for that person, an exchange in flight included.",
    47: "During an outage of the token service one person's many messages wait for that person alone.",
    48: "Device logins: nonsense is a passing fault, slow polls hold up no other, none runs twice at once.",
    49: "Nothing grows for ever: people who come once leave nothing, nor do threads or descriptors stay.",
    50: "~/.netrc does not replace the token of a user or the bot.",
    51: "Within a process, expiry and counters follow the time that passes, whatever the clock does.",
    52: "Damaged stores: a clear error that names the place, in bounded memory, and no crash.",
    53: "A record sealed for one bot does not open for another that has the same keys.",
    54: "An application's own after_request cannot take the security headers off the page.",
    55: "Nobody is left without a word: an answer, a sentence, or an ERROR that names the message.",
    56: "A look-up of a message that fails in passing is tried again; then its author is told.",
    57: "After a login, one person's slow commands hold up nobody else's.",
    58: "A logout deletes the tokens, whatever else fails, and ends what a login has released.",
    59: "A logout while a login comes back, and a new command at once: it runs after its own login.",
    60: "Webex grants less than a command needs: one login, one sentence, one WARNING.",
    61: "A card that was not delivered is not counted, and login always gets an answer.",
    62: "A flood of one person who is not logged in gets at most ten messages about it.",
    63: "Machines whose clocks are an hour apart: logins, waiting commands and refreshes work.",
    64: "Prefetches get 503, and two requests at once end in the page of the login.",
    65: "Redis behind one address that is switched to another node: the next try works.",
    66: "Temporary files of a process that was killed are gone after the next write.",
    67: "The command line run as root leaves file, lock and folder to their owner.",
    68: "No flock, one file mounted, a folder that cannot be written: said when the manager is made.",
    69: "Another application's keys on the same Redis are neither written nor removed.",
    70: "Token answers are read for what the specification names; the rest is dropped.",
    71: "Settings with quotes or white space are refused, and none reaches a header or a log.",
    72: "What the bot deletes or sends because of a record is sealed with the rest.",
    73: "Sandbox: --env prints known names with quoted values; Host and Origin are checked; no 500.",
    74: "One impossible date, name or record never ends a listing of the command line.",
    75: "A process that is killed or frozen: its commands do not run twice, and their authors are told.",
    76: "The table of `make live` has no secret, name or id in it, whatever Webex answers.",
    77: "Chaos: while Webex, Redis and processes fail, each message has a word, no command runs twice, "
    "no login is lost, no logout is undone, and no call has another person's token.",
    78: "Production: only /redirect is public, nginx logs no code, and probes answer without a reason.",
}


def shown_by() -> dict[int, list[str]]:
    """The tests of each property, by its number."""
    tests: dict[int, list[str]] = {number: [] for number in PROPERTIES}
    for file in [*sorted(TESTS.rglob("test_*.py")), *sorted(CONTRACT.glob("*.py"))]:
        place = f"{file.parent.name}/{file.name}"
        for number, name in _marked(parsed(file.read_text(encoding="utf-8"))):
            tests[number].append(f"{place}: {name}")
    return tests


def _marked(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.holds":
                    yield from ((number.value, node.name) for number in decorator.args)  # type: ignore[attr-defined]


def table() -> str:
    """Return the content of PROPERTIES.md."""
    rows = (
        f"| {number} | {PROPERTIES[number]} | {'<br>'.join(f'`{test}`' for test in tests)} |"
        for number, tests in shown_by().items()
    )
    head = "# Properties, and the tests that show them"
    origin = "Generated from the markers `holds(number)` of the tests by `support/properties.py`."
    return "\n".join([head, "", origin, "", "| | property | tests |", "| --- | --- | --- |", *rows, ""])


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
