"""The chat page and its endpoints, and the static files of all pages."""

from . import changes, chat, files, state

BLUEPRINTS = (chat.blueprint, state.blueprint, changes.blueprint, files.blueprint)

__all__ = ["BLUEPRINTS"]
