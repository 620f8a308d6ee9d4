"""Keeps other packages from logging the secrets of a login.

wxc_sdk, webex_bot, websockets, Werkzeug and gunicorn log requests, frames and query strings, with codes,
states, bearer tokens and proxies' passwords in them. A filter on their loggers blanks these; it changes
nothing else. What it cannot reach (the access log of a proxy) is named in SECURITY.md.
"""

from __future__ import annotations

import logging
import re

#: loggers, not their parents: a logger's filter sees only what is logged to that very logger
LOGGERS = (
    "gunicorn.access",
    "gunicorn.error",
    "urllib3.connectionpool",
    "webex_bot.webex_bot",
    "webex_bot.websockets.webex_websocket_client",
    "webexpythonsdk.restsession",
    "websockets.client",
    "werkzeug",
    "wxc_sdk.integration",
    "wxc_sdk.rest",
)

_SECRET = re.compile(
    r"""((?:^|[^\w-])(?:code|state|code_verifier|device_code|client_secret|access_token|refresh_token|id_token)
        (?:=|%3D|["']?:\s*["']?))   # as in a query, a form, JSON, or wxc_sdk's dump of a form
        [^\s&"'<>\\]+
        |(\b(?:Bearer|Proxy-Authorization["']?:\s*["']?Basic)\s+)[^\s"'\\]+
        |(://[^/\s:@"']*:)[^/\s"']+(?=@)   # a password in an address, such as a proxy's""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)


#: websockets cuts long frames in the middle, which may leave the end of a token without its beginning
_FRAME = re.compile(r"^([<>] (?:TEXT|BINARY|CONT) ).*", re.DOTALL)


class _Redactor(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 (an argument whose str raises, too)
            return True  # a malformed call: logging itself reports it, and does not raise in its caller
        blanked = _SECRET.sub(lambda found: f"{found[1] or found[2] or found[3]}***", message)
        if record.name == "websockets.client":
            blanked = _FRAME.sub(r"\1***", blanked)
        if blanked != message:
            record.msg, record.args = blanked, ()
        return True


_redactor = _Redactor()


def install() -> None:
    """Put the filter on the loggers; a second call changes nothing."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_redactor)
