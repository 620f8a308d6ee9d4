"""Finds secrets in what was logged, stored or raised."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from webex_bot_auth.sandbox import Sandbox

#: parameters of requests to Webex whose values no log and no store may show
SECRET_PARAMETERS = {"code", "code_verifier", "client_secret", "refresh_token", "state", "access_token"}


def issued_secrets(cloud: Sandbox) -> set[str]:
    """Every secret that this cloud has given out or was sent."""
    found = cloud.secrets()
    for call in cloud.calls:
        sent = {**call.query, **call.form}
        found |= {str(value) for name, value in sent.items() if name in SECRET_PARAMETERS}
    return {secret for secret in found if secret}


def leaked(secrets: set[str], text: str) -> list[str]:
    """The secrets that a text shows: whole, or the beginning or the end of a long one."""
    # Webex's access tokens end with the organization's id, which is no secret
    secrets = {secret.partition("_PF84_")[0] for secret in secrets}
    return [
        secret
        for secret in secrets
        if secret in text or (len(secret) >= 32 and (secret[:16] in text or secret[-16:] in text))
    ]


class CapturedLogs(logging.Handler):
    """Everything that is logged, as a log file would have it.

    Attributes:
        texts: the name of the logger and the text of each record, with its traceback and its arguments
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = logging.Formatter("%(message)s").format(record)  # sets exc_text
        self.texts.append((record.name, f"{text}\n{record.exc_text}\n{record.args}"))


@contextmanager
def everything_logged() -> Iterator[CapturedLogs]:
    """Captures the logs of all loggers at DEBUG, also of those that do not propagate to the root logger.

    Yields:
        what has been logged so far
    """
    logs = CapturedLogs()
    known = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    isolated = [logger for logger in known if not logger.propagate]
    levels = {logger: logger.level for logger in [logging.root, *known]}
    for logger in [logging.root, *isolated]:
        logger.addHandler(logs)
    for logger in known:
        logger.setLevel(logging.NOTSET)
    logging.root.setLevel(logging.DEBUG)
    try:
        yield logs
    finally:
        for logger in [logging.root, *isolated]:
            logger.removeHandler(logs)
        for logger, level in levels.items():
            logger.setLevel(level)
