"""A company's logo as a data URI, so that the page loads nothing from outside."""

from __future__ import annotations

import base64
import mimetypes
from pathlib import Path

from ..errors import SettingError

#: it is part of every page; bytes
MAX_BYTES = 256 * 1024
_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")


def data_uri(logo: str) -> str:
    """A logo for the page.

    Args:
        logo: path of an image file, or a data URI, which stays as it is; empty: none

    Raises:
        SettingError: it is neither, or too large
    """
    if not logo or logo.startswith("data:image/"):
        return logo
    kind = mimetypes.guess_type(logo)[0] or "image/webp" * logo.lower().endswith(".webp")
    if kind not in _TYPES:
        raise SettingError("texts.logo", "has to be a PNG, JPEG, GIF, WebP or SVG file, or a data: URI")
    try:
        image = Path(logo).read_bytes()
    except OSError as error:
        raise SettingError("texts.logo", f"{logo} cannot be read: {error.strerror}") from error
    if len(image) > MAX_BYTES:
        raise SettingError("texts.logo", f"{logo} has more than {MAX_BYTES // 1024} kB")
    return f"data:{kind};base64,{base64.b64encode(image).decode('ascii')}"
