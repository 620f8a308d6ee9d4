"""For PYTHONPATH, in tests only: points the processes of examples/production at a sandbox.

Python imports this at every start. It does nothing but wait until one of them imports a file of its own:
other programs are left alone, and gunicorn's master imports no more than it does in production.
"""

from __future__ import annotations

import importlib.abc
import os
import sys
from typing import Any


class _Before(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name == "tokens":
            sys.meta_path.remove(self)
            _point_at(os.environ["SANDBOX_URL"])


def _point_at(url: str) -> None:
    import requests
    from wxc_sdk.integration import Integration

    from webex_bot_auth.sandbox.clients import point_clients_at
    from webex_bot_auth.webex import token_endpoint

    token_endpoint.READ_SECONDS = token_endpoint.TOTAL_SECONDS = 60.0  # tests hold its answers
    point_clients_at(url)
    Integration.__init__.__kwdefaults__.update(
        auth_service=f"{url}/v1/authorize", token_service=f"{url}/v1/access_token"
    )
    requests.utils.default_user_agent = lambda name="": f"pid/{os.getpid()}"  # which worker asks


if "SANDBOX_URL" in os.environ:
    sys.meta_path.insert(0, _Before())
