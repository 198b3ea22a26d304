"""Masks the values of secrets in what a task says, before it leaves the machine."""

from __future__ import annotations

import base64
import json
import re
from typing import Iterable, Iterator, Set, Union
from urllib.parse import quote, quote_plus

MASKED = b"***"
MIN_SECRET = 6
"""Characters; what is shorter would mask ordinary words."""


class Mask:
    """Replaces values, each of their lines, and both as they stand in JSON, in addresses and in Base64."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        """Take the values."""
        self._forms: Set[bytes] = set()
        self.add(values)

    def add(self, values: Iterable[str]) -> None:
        """Take more values; those that are too short are left out. One thread at a time, while others mask."""
        for value in values:
            for part in {value, *value.splitlines()}:
                if len(part) >= MIN_SECRET:
                    self._forms.update(_forms(part))
        forms = sorted(self._forms, key=lambda form: (-len(form), form))
        self._any = re.compile(b"|".join(map(re.escape, forms))) if forms else None
        self.longest = max((len(form) for form in forms if b"\n" not in form), default=0)

    def bytes(self, text: Union[bytes, bytearray]) -> bytes:
        """Give the text with the values replaced."""
        return bytes(text) if self._any is None else self._any.sub(MASKED, text)

    def text(self, text: str) -> str:
        """Give the text with the values replaced."""
        return text if self._any is None else self.bytes(text.encode("utf-8", "replace")).decode()


def _forms(value: str) -> Iterator[bytes]:
    plain = value.encode("utf-8", "replace")
    yield plain
    for form in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        yield form[1:-1].encode("utf-8", "replace")
        yield json.dumps(form)[3:-3].encode()
    yield from _in_address(value)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(plain)
        yield encode(plain).rstrip(b"=")
        for before, shared in enumerate((0, 2, 3)):  # bytes before it, and letters that hold some of them
            amid = encode(bytes(before) + plain)[shared : (before + len(plain)) * 8 // 6]
            if len(amid) >= MIN_SECRET:
                yield amid


def _in_address(value: str) -> Iterator[bytes]:
    """Give it with a slash and a space as they may be, and with digits in upper or lower case."""
    for safe in ("", "/"):
        for escape in (quote, quote_plus):
            form = escape(value, safe=safe, errors="replace")
            yield form.encode()
            yield re.sub("%[0-9A-F]{2}", lambda found: found.group().lower(), form).encode()
