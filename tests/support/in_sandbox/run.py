"""``run.py PROGRAM [ARGUMENTS]``: runs a program in the sandbox at ``SANDBOX_URL``."""

from __future__ import annotations

import os
import runpy
import sys

from webex_bot_auth.sandbox.clients import point_clients_at

if __name__ == "__main__":
    del sys.argv[0]
    point_clients_at(os.environ["SANDBOX_URL"])
    runpy.run_path(sys.argv[0], run_name="__main__")
