"""A password made of everything that breaks parsers, and whether a text gives any of it away."""

from __future__ import annotations

import base64
import html
import json
import re
from urllib.parse import quote

PASSWORD = 'S3cr3t#Pa/ss:%41"<é'


def leaks(text: str) -> list[str]:
    """The forms of the password, or pieces of at least four characters, that `text` contains."""
    pieces = {PASSWORD[start : start + 4] for start in range(len(PASSWORD) - 3)} | {piece for piece in re.split(r"[/#?@:]", PASSWORD) if len(piece) >= 4}
    encoded = {quote(PASSWORD, safe=""), html.escape(PASSWORD), json.dumps(PASSWORD)[1:-1], base64.b64encode(f"user:{PASSWORD}".encode()).decode()}
    return sorted(piece for piece in pieces | encoded if piece in text)
