"""Tests of the example plugin imagestats: its PNG decoder against an encoder of its own, and its operators."""

import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib
from pathlib import Path
from typing import Any, Dict, List, Optional
from unittest import mock

EXAMPLES = Path(__file__).resolve().parent.parent
PLUGIN = EXAMPLES / "plugins" / "imagestats"
IMAGES = EXAMPLES / "images"
SDK = EXAMPLES.parent / "sdk" / "python"
for place in (PLUGIN, SDK):
    sys.path.insert(0, str(place))

import png  # noqa: E402
import stats  # noqa: E402


def chunk(kind: bytes, body: bytes) -> bytes:
    """Write one part of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header(width: int, height: int, depth: int = 8, colour: int = 0, interlace: int = 0) -> bytes:
    """Write the header of a PNG file."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def file(head: bytes, raw: bytes, between: bytes = b"") -> bytes:
    """Write a PNG file from its header and its filtered rows, the pixels in two parts."""
    packed = zlib.compress(raw)
    half = len(packed) // 2
    return (
        png.SIGNATURE
        + head
        + between
        + chunk(b"IDAT", packed[:half])
        + chunk(b"IDAT", packed[half:])
        + chunk(b"IEND", b"")
    )


class Decode(unittest.TestCase):
    """The decoder gives the pixels that were packed, or says what is wrong."""

    def rows(self, data: bytes) -> List[List[int]]:
        """Give the decoded rows as numbers."""
        return [list(row) for row in png.decode(data).rows]

    def test_each_filter(self) -> None:
        """Rows that were filtered by hand come back."""
        for name, row, wants in (
            ("none", [0, 7, 8, 9], [7, 8, 9]),
            ("sub", [1, 7, 1, 255], [7, 8, 7]),
            ("up", [2, 7, 1, 255], [17, 21, 29]),
            ("average", [3, 7, 1, 255], [12, 17, 22]),
            ("paeth", [4, 7, 1, 255], [17, 21, 29]),
        ):
            with self.subTest(name):
                raw = bytes([0, 10, 20, 30, *row])
                self.assertEqual([[10, 20, 30], wants], self.rows(file(header(3, 2), raw)))

    def test_paeth_takes_the_nearest(self) -> None:
        """Of left, above and corner the nearest to their guess counts, in this order when they are equally near."""
        for left, up, corner, nearest in (
            (5, 5, 5, 5),
            (10, 0, 0, 10),
            (0, 10, 0, 10),
            (10, 10, 20, 10),
            (10, 0, 5, 5),
        ):
            raw = bytes([0, corner, up, 4, left - corner & 255, 1])
            self.assertEqual((nearest + 1) & 255, self.rows(file(header(2, 2), raw))[1][1], (left, up, corner))

    def test_each_colour_type(self) -> None:
        """Pixels of each kind give their luma; alpha does not count."""
        for colour, pixel, luma in ((0, [9], 9), (4, [9, 0], 9), (2, [255, 0, 0], 76), (6, [0, 255, 0, 3], 150)):
            with self.subTest(colour):
                image = png.decode(file(header(2, 1, colour=colour), bytes([0, *pixel, *pixel])))
                self.assertEqual([luma, luma], list(image.luma()))

    def test_parts_that_do_not_matter(self) -> None:
        """Comments and palettes are passed over."""
        between = chunk(b"tEXt", b"Comment\0hi") + chunk(b"PLTE", bytes(3))
        self.assertEqual([[1]], self.rows(file(header(1, 1), b"\0\1", between)))

    def test_what_is_not_read(self) -> None:
        """Each fault is told in words."""
        good = file(header(2, 2), bytes(6))
        damaged = bytearray(good)
        damaged[40] ^= 1
        for says, data in (
            ("not a PNG", b"GIF89a"),
            ("not a PNG", b""),
            ("ends early", png.SIGNATURE),
            ("ends early", good[:-12]),
            ("ends early", good[:-14]),
            ("ends early", good[:30]),
            ("damaged", bytes(damaged)),
            ("header is missing", png.SIGNATURE + chunk(b"IDAT", b"")),
            ("header is damaged", png.SIGNATURE + chunk(b"IHDR", b"")),
            ("no pixels", file(header(0, 2), b"")),
            ("16 bits", file(header(1, 1, depth=16), bytes(3))),
            ("colour type 3", file(header(1, 1, colour=3), bytes(2))),
            ("interlaced", file(header(1, 1, interlace=1), bytes(2))),
            ("at most", file(header(1 << 20, 1 << 20), b"")),
            ("not known", file(header(1, 1), bytes(2), chunk(b"NEWS", b""))),
            ("filter 5", file(header(1, 1), bytes([5, 0]))),
            ("pixels end early", file(header(2, 2), bytes(5))),
            ("pixels are damaged", png.SIGNATURE + header(1, 1) + chunk(b"IDAT", b"xxxx") + chunk(b"IEND", b"")),
        ):
            with self.subTest(says), self.assertRaisesRegex(png.PNGError, says):
                png.decode(data)

    def test_more_pixels_than_the_header_says_are_not_unpacked(self) -> None:
        """What a file packs beyond its size stays packed."""
        self.assertEqual([[0]], self.rows(file(header(1, 1), bytes(1 << 20))))

    def test_any_damage_is_told(self) -> None:
        """A file cut anywhere, or with any byte changed, is told or read; nothing else happens."""
        good = (IMAGES / "12-badge.png").read_bytes()
        for at in range(0, len(good), 97):
            for data in (good[:at], good[:at] + bytes([good[at] ^ 255]) + good[at + 1 :]):
                with self.assertRaises(png.PNGError):
                    png.decode(data)


class Stats(unittest.TestCase):
    """The operator measures what is there."""

    def test_a_flat_image_has_no_contrast(self) -> None:
        """Brightness is the mean, contrast the spread."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "half.png")
            path.write_bytes(file(header(2, 1), bytes([0, 0, 255])))
            wants = {"file": "half.png", "width": 2, "height": 1, "brightness": 127.5, "contrast": 127.5}
            self.assertEqual(wants, stats.measure(path))

    def test_the_images_of_the_examples(self) -> None:
        """All are read; snow is bright and fog flat."""
        says: List[Optional[float]] = []
        with mock.patch.object(stats.work, "progress", lambda fraction, label="": says.append(fraction)):
            table = stats.measure_all(sorted(IMAGES.glob("*.png")))
        rows = {row["file"]: row for row in table["images"]}
        self.assertEqual((12, []), (len(rows), table["skipped"]))
        self.assertEqual("03-snow.png", max(rows, key=lambda name: rows[name]["brightness"]))
        self.assertEqual("05-checkers.png", max(rows, key=lambda name: rows[name]["contrast"]))
        self.assertEqual((0, 1, sorted(says)), (says[0], says[-1], says))

    def test_damaged_images_are_skipped(self) -> None:
        """One bad image does not end the work."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "a.png").write_bytes(b"no")
            with self.assertLogs("imagestats", "WARNING"):
                table = stats.measure_all([Path(folder, "a.png")])
        self.assertEqual([{"file": "a.png", "reason": "this is not a PNG file"}], table["skipped"])
        self.assertIsNone(table["brightness"])


class Scripts(unittest.TestCase):
    """The operators as processes, with a stand-in for the command ``signalbox``."""

    def run_operator(self, command: List[str], params: Dict[str, Any]) -> "subprocess.CompletedProcess[str]":
        """Run an operator's command the way a worker does."""
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        context = {"operator": "x/y", "params": params, "dataset": None, "view": None, "run": "r", "attempt": 1}
        (folder / "context.json").write_text(json.dumps(context), encoding="utf-8")
        stand_in = folder / "signalbox"
        stand_in.write_text('#!/bin/sh\necho "REPORT $2 $3"\n[ "$2" != result ] || cat "${3#@}"\n', encoding="utf-8")
        stand_in.chmod(0o755)
        env = {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "SIGNALBOX_CONTEXT": str(folder / "context.json"),
            "PYTHONPATH": str(SDK),
        }
        return subprocess.run(command, cwd=PLUGIN, env=env, capture_output=True, text=True, timeout=60, check=False)

    def test_list_images(self) -> None:
        """The shell script lists what fits the pattern, whatever the names hold."""
        with tempfile.TemporaryDirectory() as folder:
            for name in ('quo"te.png', "back\\slash.png", "two words.png", "ü.png", "x.txt", "-n.png"):
                Path(folder, name).write_bytes(b"12345")
            done = self.run_operator(["sh", "list_images.sh"], {"folder": folder, "pattern": "*.png"})
        self.assertEqual(0, done.returncode, done.stderr)
        result = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual(5, result["count"])
        self.assertEqual(
            {'quo"te.png', "back\\slash.png", "two words.png", "ü.png", "-n.png"}, {i["file"] for i in result["images"]}
        )
        self.assertEqual({5}, {i["bytes"] for i in result["images"]})
        self.assertIn("REPORT progress 1", done.stdout)

    def test_list_images_of_an_empty_or_missing_folder(self) -> None:
        """Nothing there is a result; no folder is a failure."""
        with tempfile.TemporaryDirectory() as folder:
            done = self.run_operator(["sh", "list_images.sh"], {"folder": folder, "pattern": "*.png"})
            self.assertEqual({"count": 0, "images": []}, json.loads(done.stdout.splitlines()[-1]))
        done = self.run_operator(["sh", "list_images.sh"], {"folder": folder, "pattern": "*.png"})
        self.assertEqual((1, f"There is no folder {folder} here.\n"), (done.returncode, done.stderr))

    def test_broken(self) -> None:
        """It fails with a traceback on stderr."""
        done = self.run_operator([sys.executable, "broken.py"], {})
        self.assertEqual(1, done.returncode)
        self.assertIn("Traceback (most recent call last)", done.stderr)
        self.assertIn("ZeroDivisionError", done.stderr)


if __name__ == "__main__":
    unittest.main()
