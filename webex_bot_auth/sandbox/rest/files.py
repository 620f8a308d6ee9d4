"""The files on messages: taken from the request or from a public address, and given out with a token."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

import requests
from flask import Blueprint, Response, request
from urllib3.exceptions import HTTPError
from werkzeug.http import dump_options_header

from ..model.errors import WebexError
from ..model.messages import File
from ..services import services
from .auth import caller
from .request_bodies import NewMessage

blueprint = Blueprint("files", __name__, url_prefix="/v1")
TIMEOUT = 10  # seconds to fetch a file from its address
MAX_BYTES = 100 * 1024 * 1024
TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)


def content_type(given: object) -> str:
    """Return the content type that a client has given, if it is one."""
    return given if isinstance(given, str) and TYPE.fullmatch(given) else "application/octet-stream"


def requested_files(new: NewMessage) -> tuple[File, ...]:
    """Return the files of the current request, those given by their addresses included.

    Raises:
        WebexError: 400, there is nothing at an address.
    """
    uploaded = tuple(
        File(one.filename or "file", content_type(one.mimetype), one.read())
        for one in request.files.getlist("files")
    )
    return uploaded + tuple(_fetch(url) for url in new.files)


def _fetch(url: str) -> File:
    try:
        with requests.Session() as session, session.get(url, timeout=TIMEOUT, stream=True) as answer:
            answer.raise_for_status()
            data = answer.raw.read(MAX_BYTES + 1, decode_content=True)
            kind = content_type(answer.headers.get("Content-Type", "").partition(";")[0])
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise WebexError(400, f"Unable to retrieve content from {url}.") from error
    if len(data) > MAX_BYTES:
        raise WebexError(413, f"The file is too large: it is limited to {MAX_BYTES} bytes.")
    return File(unquote(urlsplit(url).path.rpartition("/")[2]) or "file", kind, data)


@blueprint.get("/contents/<key>")
def contents(key: str) -> Response:
    """Return a file, to those who see its message."""
    file = services().cloud.file(key, caller("spark:messages_read"))
    headers = {"Content-Disposition": _disposition(file.name)}
    return Response(file.data, mimetype=file.content_type, headers=headers)


def _disposition(name: str) -> str:
    if name.isascii() and name.isprintable() and '"' not in name and "\\" not in name:
        return f'attachment; filename="{name}"'
    return dump_options_header("attachment", {"filename": name})
