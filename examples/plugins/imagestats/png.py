"""Reads PNG images with nothing but the standard library.

It reads what cameras and tools mostly write: 8 bits a channel; grey, grey with alpha, RGB and RGBA; all five filters;
not interlaced. Anything else is a ``PNGError`` that says what is not read. It never makes more of a file than the file
says: a small file cannot fill the memory.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Iterator, List, Tuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"

MAX_PIXELS = 64 * 1024 * 1024
"""Pixels of the largest image that is read."""

_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # by colour type


class PNGError(ValueError):
    """The file is no PNG image, is damaged, or is of a kind that is not read."""


@dataclass(frozen=True)
class Image:
    """An image: its size in pixels, and its rows of bytes, ``channels`` of them for each pixel."""

    width: int
    height: int
    channels: int
    rows: Tuple[bytes, ...]

    def luma(self) -> Iterator[int]:
        """Give the brightness of each pixel from 0 to 255, weighed as in ITU-R BT.601. Alpha does not count."""
        step = self.channels
        for row in self.rows:
            if step < 3:
                yield from row[::step]
                continue
            for red, green, blue in zip(row[::step], row[1::step], row[2::step]):
                yield (299 * red + 587 * green + 114 * blue + 500) // 1000


def decode(data: bytes) -> Image:
    """Read an image from the bytes of a PNG file. Raises PNGError."""
    if not data.startswith(SIGNATURE):
        raise PNGError("this is not a PNG file")
    width, height, channels, packed = _read(data)
    stride = width * channels
    raw = _inflate(packed, (stride + 1) * height)
    return Image(width, height, channels, tuple(_unfilter(raw, stride, height, channels)))


def _read(data: bytes) -> Tuple[int, int, int, bytes]:
    """Read the header and the packed pixels."""
    header = None
    packed: List[bytes] = []
    for kind, body in _chunks(data):
        if header is None:
            if kind != b"IHDR":
                raise PNGError("the header is missing")
            header = _header(body)
        elif kind == b"IDAT":
            packed.append(body)
        elif kind == b"IEND":
            return (*header, b"".join(packed))
        elif not kind[0] & 0x20 and kind != b"PLTE":
            raise PNGError(f"the part {kind!r} is not known and cannot be left out")
    raise PNGError("the file ends early")


def _chunks(data: bytes) -> Iterator[Tuple[bytes, bytes]]:
    """Give the kind and body of each part of the file, and check its sum."""
    at = len(SIGNATURE)
    while at < len(data):
        if at + 12 > len(data):
            raise PNGError("the file ends early")
        size, kind = struct.unpack_from(">I4s", data, at)
        end = at + 8 + size
        if end + 4 > len(data):
            raise PNGError("the file ends early")
        body = data[at + 8 : end]
        if zlib.crc32(kind + body) != struct.unpack_from(">I", data, end)[0]:
            raise PNGError(f"the part {kind!r} is damaged")
        yield kind, body
        at = end + 4


def _header(body: bytes) -> Tuple[int, int, int]:
    if len(body) != 13:
        raise PNGError("the header is damaged")
    width, height, depth, colour, packing, filtering, interlace = struct.unpack(">IIBBBBB", body)
    if not width or not height:
        raise PNGError("the image has no pixels")
    if width * height > MAX_PIXELS:
        raise PNGError(f"the image has {width * height} pixels; at most {MAX_PIXELS} are read")
    if depth != 8 or colour not in _CHANNELS:
        raise PNGError(f"colour type {colour} with {depth} bits is not read; grey, RGB and RGBA with 8 bits are")
    if packing or filtering:
        raise PNGError("the image is packed in an unknown way")
    if interlace:
        raise PNGError("interlaced images are not read")
    return width, height, _CHANNELS[colour]


def _inflate(packed: bytes, size: int) -> bytes:
    """Unpack exactly the bytes that the header asks for, and never more."""
    inflate = zlib.decompressobj()
    try:
        raw = inflate.decompress(packed, size)
    except zlib.error as e:
        raise PNGError(f"the pixels are damaged: {e}") from e
    if len(raw) != size:
        raise PNGError("the pixels end early")
    return raw


def _unfilter(raw: bytes, stride: int, height: int, channels: int) -> Iterator[bytes]:
    """Give the rows as they were before each was filtered by what is left of, above, and left above it."""
    above = bytes(stride)
    for at in range(0, height * (stride + 1), stride + 1):
        row = bytearray(raw[at + 1 : at + 1 + stride])
        if raw[at] > 4:
            raise PNGError(f"filter {raw[at]} is not known")
        _FILTERS[raw[at]](row, above, channels)
        above = bytes(row)
        yield above


def _none(row: bytearray, above: bytes, step: int) -> None:
    pass


def _sub(row: bytearray, above: bytes, step: int) -> None:
    for i in range(step, len(row)):
        row[i] = row[i] + row[i - step] & 255


def _up(row: bytearray, above: bytes, step: int) -> None:
    for i, up in enumerate(above):
        row[i] = row[i] + up & 255


def _average(row: bytearray, above: bytes, step: int) -> None:
    for i, up in enumerate(above):
        left = row[i - step] if i >= step else 0
        row[i] = row[i] + (left + up >> 1) & 255


def _paeth(row: bytearray, above: bytes, step: int) -> None:
    for i, up in enumerate(above):
        left, corner = (row[i - step], above[i - step]) if i >= step else (0, 0)
        by_left, by_up, by_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
        if by_left <= by_up and by_left <= by_corner:
            nearest = left
        elif by_up <= by_corner:
            nearest = up
        else:
            nearest = corner
        row[i] = row[i] + nearest & 255


_FILTERS = (_none, _sub, _up, _average, _paeth)
