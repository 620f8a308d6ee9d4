"""The pages for the browser: the chat page and what it asks for, and the looks that all pages share."""

from . import changes, chat, files

BLUEPRINTS = (chat.blueprint, changes.blueprint, files.blueprint)

__all__ = ["BLUEPRINTS"]
