"""Run all checks and print the table: ``make live``."""

from __future__ import annotations

import sys

from . import clicks
from .checks import CHECKS
from .results import outcome, table
from .settings import Settings
from .webex import Webex


def main() -> int:
    """Run all checks and print the table; return the exit status."""
    try:
        webex = Webex(Settings())
    except ValueError as error:
        print(f"{error}: see docs/background/check-webex.md", file=sys.stderr)
        return 2
    try:
        for number, click in enumerate((clicks.log_in, clicks.approve_device), 1):
            if not (result := outcome(click, webex)).holds:  # the checks that need it say so
                print(
                    f"click {number} of 2 brought no login: {result.reason or 'refused, or too late'}",
                    file=sys.stderr,
                )
        results = []
        for topic, check in CHECKS:
            results.append((topic, check, outcome(check, webex)))
            print(f"{len(results)} of {len(CHECKS)}", end="\r", file=sys.stderr, flush=True)
    finally:
        webex.close()
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
