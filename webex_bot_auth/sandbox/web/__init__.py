"""The chat page with its workbench and their endpoints, and the static files of all pages."""

from . import answers, changes, chat, files, reports, state, workbench

BLUEPRINTS = (
    answers.blueprint,
    chat.blueprint,
    state.blueprint,
    changes.blueprint,
    files.blueprint,
    reports.blueprint,
    *workbench.BLUEPRINTS,
)

__all__ = ["BLUEPRINTS"]
