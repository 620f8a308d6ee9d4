"""Tests for your bot: runs it in a Webex sandbox on this machine, and talks to it as people would.

With pytest, the fixture ``webex_sandbox`` needs no import::

    def test_whoami(webex_sandbox):
        bot = webex_sandbox.run(Whoami)
        alice = webex_sandbox.add_person("Alice Adams")
        asked = bot.hears(alice, "whoami")
        bot.press_login(bot.login_card(alice), alice)
        assert bot.answer_to(asked, "You are Alice Adams")

Without pytest, use ``with WebexSandbox() as webex_sandbox:``, or
:func:`trial` for a bot's own program. For the tests of a store of your own, see
:mod:`webex_bot_auth.testing.contract`.
"""

from .running_bot import RunningBot
from .trial import trial
from .webex_sandbox import WebexSandbox

__all__ = ["RunningBot", "WebexSandbox", "trial"]
