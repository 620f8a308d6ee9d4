"""For the tests of bots: a Webex cloud on this machine that runs a bot, and what people say to it.

With pytest there is a fixture ``webex_sandbox``, without any import::

    def test_whoami(webex_sandbox):
        bot = webex_sandbox.run(Whoami)
        alice = webex_sandbox.add_person("Alice Adams")
        asked = bot.hears(alice, "whoami")
        bot.press_login(bot.login_card(alice), alice)
        assert bot.answer_to(asked, "You are Alice Adams")

Anywhere else: ``with WebexSandbox() as webex_sandbox:``. For the tests of a backend of one's own there is
:class:`webex_bot_auth.testing.contract.BackendContract`.
"""

from .running_bot import RunningBot
from .webex_sandbox import WebexSandbox

__all__ = ["RunningBot", "WebexSandbox"]
