"""Between the browser's return and the page there are two HTTP calls; what is said in chat comes in order."""

from __future__ import annotations

from support.makers import Make
from support.whoami import Whoami
from support.wording import TEXTS

from webex_bot_auth.sandbox import Person
from webex_bot_auth.testing import WebexSandbox


def test_the_page_waits_for_the_exchange_and_people_me_alone(
    cloud: WebexSandbox, either_manager: Make, alice: Person
) -> None:
    bot = cloud.run(Whoami, manager=either_manager)
    card = bot.login_card(alice, after=bot.hears(alice, "whoami"))
    cloud.calls.clear()
    with cloud.faults.rest("/v1/messages", hang=True):  # all that is said in chat hangs
        assert bot.press_login(card, alice).status_code == 200
        waited_for = [call.path for call in cloud.calls if call.person == alice or call.form.get("code")]
        assert waited_for == ["/v1/access_token", "/v1/people/me"]
        assert bot.said(alice) == [card.text]
    bot.answer_to(card, "You are Alice Adams")
    said = bot.said(alice)
    welcome = TEXTS.command_runs.format(name="Alice Adams", command="whoami")
    assert said.index(welcome) < said.index("You are Alice Adams")
