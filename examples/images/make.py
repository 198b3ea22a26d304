"""Makes the images of this folder: small, varied, and the same bytes each time with the same zlib.

Run it as ``python3 make.py``. It needs nothing but the standard library.
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path
from typing import Callable, Dict, Tuple, Union

WIDTH, HEIGHT = 240, 160

Pixel = Union[Tuple[int], Tuple[int, int, int], Tuple[int, int, int, int]]
Picture = Callable[[float, float], Pixel]  # of x and y, each from 0 to 1

COLOURS = {1: 0, 3: 2, 4: 6}  # PNG's colour type by channels


def byte(value: float) -> int:
    """Round a value from 0 to 1 to a byte."""
    return max(0, min(255, round(value * 255)))


def grey(value: float) -> Pixel:
    """Make a grey pixel."""
    return (byte(value),)


def rgb(red: float, green: float, blue: float) -> Pixel:
    """Make a coloured pixel."""
    return (byte(red), byte(green), byte(blue))


def wave(t: float) -> float:
    """Give a wave from 0 to 1 that repeats with every whole number."""
    return 0.5 + 0.5 * math.sin(2 * math.pi * t)


def noise(x: float, y: float) -> float:
    """Give noise from 0 to 1 that is the same each time."""
    n = zlib.crc32(b"%d %d" % (int(x * WIDTH / 3), int(y * HEIGHT / 3)))
    return (n >> 8 & 0xFFFF) / 0xFFFF


def distance(x: float, y: float) -> float:
    """Give how far a place is from the middle, 1 at the left and right edge."""
    return math.hypot(x - 0.5, (y - 0.5) * HEIGHT / WIDTH) * 2


def sunset(x: float, y: float) -> Pixel:
    """Paint a sun over the sea."""
    if math.hypot(x - 0.5, (y - 0.55) * HEIGHT / WIDTH) < 0.12 and y < 0.6:
        return rgb(1, 0.9, 0.5)
    if y < 0.6:
        return rgb(0.35 + y, 0.15 + 0.5 * y, 0.45 - 0.4 * y)
    return rgb(0.3 - 0.2 * y, 0.2 - 0.1 * y + 0.1 * wave(40 * y), 0.35)


def landscape(x: float, y: float) -> Pixel:
    """Paint hills under the sky."""
    for depth, height in enumerate((0.75, 0.6, 0.45)):
        if y > height + 0.08 * wave(x * (depth + 1.5) + depth / 3):
            return rgb(0.1 + 0.08 * depth, 0.5 - 0.1 * depth, 0.15 + 0.12 * depth)
    return rgb(0.5 + 0.3 * y, 0.7 + 0.2 * y, 0.95)


def badge(x: float, y: float) -> Pixel:
    """Paint a disc on nothing: the corners are transparent."""
    r = distance(x, y)
    return (*rgb(0.1, 0.4 + 0.3 * x, 0.7), byte((0.6 - r) * 20))  # type: ignore[return-value]


PICTURES: Dict[str, Picture] = {
    "01-ramp": lambda x, y: grey(x),
    "02-night": lambda x, y: grey(0.04 + 0.05 * y + (0.8 if noise(x, y) > 0.995 else 0)),
    "03-snow": lambda x, y: grey(0.97 - 0.04 * y),
    "04-fog": lambda x, y: grey(0.55 + 0.02 * wave(3 * x + y)),
    "05-checkers": lambda x, y: grey((int(x * 12) + int(y * 8)) % 2),
    "06-rings": lambda x, y: grey(wave(6 * distance(x, y))),
    "07-noise": lambda x, y: grey(noise(x, y)),
    "08-sunset": sunset,
    "09-hills": landscape,
    "10-stripes": lambda x, y: rgb(*((0.9, 0.2, 0.2), (0.95, 0.95, 0.9), (0.2, 0.3, 0.8))[int(x * 9) % 3]),
    "11-rainbow": lambda x, y: rgb(wave(x) * y, wave(x + 1 / 3) * y, wave(x + 2 / 3) * y),
    "12-badge": badge,
}


def filtered(kind: int, row: bytes, above: bytes, step: int) -> bytes:
    """Filter a row in one of PNG's five ways, the way that its first byte names."""
    out = bytearray([kind])
    for i, value in enumerate(row):
        left, corner = (row[i - step], above[i - step]) if i >= step else (0, 0)
        up = above[i]
        guess = left + up - corner
        nearest = min((left, up, corner), key=lambda near: abs(guess - near))
        out.append(value - (0, left, up, (left + up) // 2, nearest)[kind] & 255)
    return bytes(out)


def smallest(row: bytes, above: bytes, step: int) -> bytes:
    """Filter a row so that its bytes are the smallest together: they mostly pack best."""
    ways = (filtered(kind, row, above, step) for kind in range(5))
    return min(ways, key=lambda way: sum(min(value, 256 - value) for value in way[1:]))


def chunk(kind: bytes, body: bytes) -> bytes:
    """Write one part of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def encode(picture: Picture) -> bytes:
    """Paint a picture and write it as a PNG file."""
    step = len(picture(0, 0))
    above, packed = bytes(WIDTH * step), b""
    for y in range(HEIGHT):
        row = b"".join(bytes(picture(x / (WIDTH - 1), y / (HEIGHT - 1))) for x in range(WIDTH))
        packed += smallest(row, above, step)
        above = row
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, COLOURS[step], 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(packed, 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, body) for kind, body in parts)


def main() -> None:
    """Write every image beside this script."""
    for name, picture in PICTURES.items():
        (Path(__file__).parent / f"{name}.png").write_bytes(encode(picture))


if __name__ == "__main__":
    main()
