"""Reports of a bot to a sandbox in another process."""

from __future__ import annotations

from typing import Any

import requests

from .handlings import Commands

TIMEOUT = 2  # seconds: nobody's command waits for the page


class RemoteReports:
    """Sends what bots are doing to a sandbox; a sandbox that has stopped is no error.

    Args:
        url: The address of the sandbox.
    """

    def __init__(self, url: str) -> None:
        self._url = f"{url}/sandbox/reports"

    def start(self, token: str, commands: Commands) -> None:
        """Note the commands of a bot that begins to run."""
        self._send("start", token=token, commands=commands)

    def begin(self, token: str, message_uuid: str) -> str:
        """Note that a bot has begun to work on a message, and return a key for ``end``."""
        return str(self._send("begin", token=token, message=message_uuid).get("key", ""))

    def end(self, key: str, error: str, log: str) -> None:
        """Note that a bot has finished with a message, with its error if any, and what else it has logged."""
        if key:
            self._send("end", key=key, error=error, log=log)

    def _send(self, what: str, **fields: Any) -> dict[str, Any]:
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(f"{self._url}/{what}", json=fields, timeout=TIMEOUT).json()
        except (requests.RequestException, ValueError):
            return {}
        return answer if isinstance(answer, dict) else {}
