"""``webex-bot-auth``, also as ``python -m webex_bot_auth``.

``webex-bot-auth sandbox`` runs :mod:`webex_bot_auth.sandbox`, all else :mod:`webex_bot_auth.administration`.
"""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; see ``--help``.

    Args:
        arguments: without the program's name; None: those of this process

    Returns:
        the exit status: 0 if all went well
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["sandbox"]:
        from .sandbox.__main__ import main as run_sandbox

        return run_sandbox(given[1:], "webex-bot-auth sandbox")
    from .administration import main as administrate

    return administrate(given)


if __name__ == "__main__":
    sys.exit(main())
