"""``webex-bot-auth``: look after a store of users' tokens, and after a bot's configuration."""

from .command_line import main

__all__ = ["main"]
