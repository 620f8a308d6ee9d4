"""Runs the bots of examples/*.py in the sandbox of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from starter import Example, Settings

from webex_bot_auth.testing import RunningBot, WebexSandbox

RunExample = Callable[[Example], RunningBot]


@pytest.fixture
def run_example(webex_sandbox: WebexSandbox, tmp_path: Path) -> Iterator[RunExample]:
    """Runs the bot of an example, with the web app and the token manager that the example makes."""
    with ExitStack() as managers:

        def run(example: Example) -> RunningBot:
            app = Flask(example.file)
            address, token = webex_sandbox.serve(app), webex_sandbox.add_bot(example.name).token
            integration = webex_sandbox.integration(f"{address}/redirect", example.scopes)
            file = str(tmp_path / example.file)
            settings = Settings(token, integration, app, file, sandbox=webex_sandbox)
            manager = managers.enter_context(example.make_manager(settings))
            managers.enter_context(example.answers(webex_sandbox))
            return webex_sandbox.start_bot(example.make_bot(settings, manager), manager)

        yield run
