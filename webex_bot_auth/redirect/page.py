"""The page itself: one template, one style sheet, no script, nothing from outside."""

from __future__ import annotations

import base64
import hashlib

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..models import Outcome, PageFrame, RedirectText

_environment = Environment(
    loader=PackageLoader("webex_bot_auth.redirect", ""), autoescape=True, undefined=StrictUndefined
)
_STYLE = _environment.get_template("page.css").render()
#: identifies the style sheet in the Content-Security-Policy, so that no other one applies
STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")


def render(text: RedirectText, frame: PageFrame) -> str:
    """The page; everything on it is escaped.

    Args:
        text: what it says
        frame: what is around it
    """
    return _environment.get_template("page.html").render(
        style=Markup(_STYLE),  # noqa: S704 (our own file)
        kind="good" if text.outcome in (Outcome.DONE, Outcome.DONE_BEFORE) else "bad",
        frame=frame,
        title=text.heading,
        sentence=text,
        next_step=text.next_step,
    )
