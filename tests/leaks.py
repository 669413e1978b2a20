"""A planted account, and every spelling in which its password could get out of a program that holds it."""

from __future__ import annotations

import base64
import html
import json
import re
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

PASSWORD = 'S3cr3t#Pa/ss:%41"<é'
"""What every parser, encoder and escaper of a URL, a header, a page or a file stumbles over."""
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Planted:
    """An account that is in no output."""

    user: str
    word: str = PASSWORD

    @property
    def pair(self) -> str:
        """As `Proxy-Authorization: Basic` has it."""
        return base64.b64encode(f"{self.user}:{self.word}".encode()).decode()

    @property
    def forms(self) -> frozenset[str]:
        """The password raw, percent-encoded, in base64 with its user and without, escaped, mis-decoded, and what a parser leaves of it."""
        word, escaped = self.word, quote(self.word, safe="")
        spelt = {word, escaped, escaped.lower(), quote(word), quote_plus(word), word.encode().decode("latin-1")}
        fled = {html.escape(word), html.escape(word, quote=False), json.dumps(word)[1:-1], repr(word)[1:-1], repr(word.encode())[2:-1]}
        fled |= {json.dumps(word, ensure_ascii=False)[1:-1]}
        halves = {half for half in re.split(r"[/#?@:\"<%]", word) if len(half) >= _SHORTEST}
        packed = {encode(text.encode()).decode().rstrip("=") for text in (word, f"{self.user}:{word}") for encode in _PACKING}
        return frozenset(spelt | fled | halves | packed | {self.pair})

    def leaks(self, place: str | bytes) -> set[str]:
        """The forms that are in a text, or in the bytes of a file."""
        data = place.encode("utf-8", "surrogatepass") if isinstance(place, str) else place
        return {form for form in self.forms if form.encode() in data}


_PACKING = (base64.b64encode, base64.urlsafe_b64encode)
