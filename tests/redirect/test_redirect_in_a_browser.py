"""The redirect page in a real browser."""

from __future__ import annotations

import queue
from typing import Any

import pytest
from flask import Flask, request
from support.makers import Make
from support.minimal_manager import MinimalTokenManager
from support.redirect_page import app_for
from support.wording import TEXTS

from webex_bot_auth.models import Outcome
from webex_bot_auth.testing import WebexSandbox


class Shows(MinimalTokenManager):
    """Ends each login with the outcome that its code names."""

    def process_redirect(self, *, flow_id: str, code: str) -> str:
        return "https://example.com/" + "x" * 200 if code == "long" else self.chat.page(Outcome(code))


@pytest.mark.holds(13)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_each_page_looks_as_it_should_in_a_browser(
    browser: Any, cloud: WebexSandbox, scheme: str, width: int
) -> None:
    ground = {"light": "rgb(244, 245, 247)", "dark": "rgb(18, 20, 23)"}[scheme]
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 760})
    with Shows(cloud.add_bot("Echo Bot").token, cloud.integration()) as manager:
        base = cloud.serve(app_for(manager))
        page = context.new_page()
        problems: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        for outcome in Outcome:
            url = f"{base}/redirect?state=s&code={outcome.value}"
            page.goto(url)
            assert page.locator("h1").inner_text() == getattr(TEXTS, f"page_{outcome.value}").title
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        assert asked == [f"{base}/redirect?state=s&code={outcome.value}" for outcome in Outcome]
        page.goto(f"{base}/redirect?state=s&code=long")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        # a browser reports the status of the page itself as an error
        assert [one for one in problems if "the server responded with a status of" not in one] == []
    context.close()


SPECULATES = """<!doctype html><title>t</title><a id="link" href="{url}">Log in</a>
<script type="speculationrules">{{"{kind}": [{{"urls": ["{url}"], "eagerness": "immediate"}}]}}</script>"""


@pytest.mark.holds(8, 64)
@pytest.mark.parametrize("kind", ["prefetch", "prerender"])
def test_a_page_that_the_browser_loads_in_advance_is_asked_for_again(
    browser: Any, cloud: WebexSandbox, yaml_manager: Make, kind: str
) -> None:
    app, seen, alice = Flask("bot"), queue.Queue[str](), cloud.add_person("Alice Adams")
    base = cloud.serve(app)

    @app.before_request
    def note() -> None:
        if request.path == "/redirect":
            seen.put(request.headers.get("Sec-Purpose", "asked for"))

    with yaml_manager(cloud.add_bot("Echo Bot").token, cloud.integration(f"{base}/redirect")) as manager:
        manager.register_redirect(flask=app)
        url = cloud.log_in(manager.asking.url(alice.id), alice, stop_before_redirect=True)
        app.add_url_rule("/", view_func=lambda: SPECULATES.format(url=url, kind=kind))
        page = browser.new_page()
        page.goto(base)
        assert seen.get(timeout=30).startswith("prefetch")
        page.click("#link")
        page.get_by_role("heading", name=TEXTS.page_done.title).wait_for()
        assert seen.get(timeout=30) == "asked for"
        page.close()
    assert manager.get_user_context(user_id=alice.id)
