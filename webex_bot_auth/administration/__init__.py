"""The command ``webex-bot-auth``: manages a store of users' tokens, and checks a bot's configuration.

- ``command_line``: the arguments, and which command they run
- ``store_commands``: ``users``, ``logout``, ``flows``, ``rotate``
- ``doctor_command``: ``doctor``, which runs what is in ``checks``
- ``environment``: the settings that come from environment variables
- ``open_store``: opens the store that the command line names, and finds users in it
"""

from .command_line import main

__all__ = ["main"]
