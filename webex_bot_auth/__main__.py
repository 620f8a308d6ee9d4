"""``python -m webex_bot_auth``, and ``webex-bot-auth``: see :mod:`webex_bot_auth.administration`."""

import sys

from .administration import main

if __name__ == "__main__":
    sys.exit(main())
