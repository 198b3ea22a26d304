"""Lines of a log, as a worker of the binary cuts and reads them."""

from __future__ import annotations

import base64
import json
import re
import sys
import unittest
from pathlib import Path
from typing import Callable, List

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from signalbox.lines import LINE_MOST, Lines, Tail, known, written  # noqa: E402
from signalbox.mask import Mask  # noqa: E402


class KnownTest(unittest.TestCase):
    """Which lines carry a severity of their own."""

    def test_formats(self) -> None:
        """The formats of loggers, and what only looks like one."""
        formats = {
            "2026-05-01T10:00:00.123456Z INFO hello": "INFO",
            "2026-05-01T10:00:00.123456Z INFO ": "INFO",
            "2026-05-01T12:00:00+02:00 WARNING late": "WARNING",
            "WARNING:root:look out": "WARNING",
            "2026-05-01 10:00:00,123 - my.app - ERROR - it - broke": "ERROR",
            "2026-05-01 10:00:00,123 DEBUG looking": "DEBUG",
            "2026-05-01 10:00:00,123 INFO     - looking": "INFO",
            "2026-05-01 10:00:00,123 [CRITICAL] out": "CRITICAL",
            "[2026-05-01 10:00:00,123] ERROR no": "ERROR",
            "[2026-05-01T10:00:00.123+0000] {taskinstance.py:1} INFO - go": "INFO",
            "[2026-05-01, 10:00:00 UTC] {taskinstance.py:1} WARNING - go": "WARNING",
            "ERROR: no such file": "ERROR",
            'time="2026-05-01T10:00:00Z" level=warning msg="a"': "WARNING",
            "level=info msg=hello": "INFO",
            "\x1b[36mINFO\x1b[0m[0012] hello": "INFO",
            '{"level":"error","msg":"no way","n":{"a":[1,"}"]}}': "ERROR",
            '{"ts": 1777629600.123, "level": "debug", "message": "x"}': "DEBUG",
            "2026-05-01 10:00:00,123 INFO": "INFO",
            '{"msg":"x"}': None,
            '{"level":"info","msg":"x': None,
            "hello world": None,
            "ERROR handling is on": None,
            "2026-05-01 10:00:00 step 3": None,
            "": None,
            "[1/3] build": None,
            "time=3s": None,
            "42": None,
        }
        for line, level in formats.items():
            self.assertEqual(level, known(line.encode()), line)


class LinesTest(unittest.TestCase):
    """Output that is cut into lines."""

    def cut(self, *pieces: bytes, clean: Callable[[bytes], bytes] = bytes, keep: int = 0) -> List[str]:
        """Give what leaves, with T for the time of a line that has none of its own."""
        out: List[bytes] = []
        lines = Lines("WARNING", out.append, clean, keep, clock=lambda: 0.0)
        for piece in pieces:
            lines.write(piece)
        lines.flush()
        self.assertTrue(all(entry.endswith(b"\n") for entry in out))
        text = b"".join(out).decode()[:-1].replace("1970-01-01T00:00:00.000000Z", "T")
        return re.split(r"\n(?!\t)", text)

    def test_lines(self) -> None:
        """In any pieces, with and without an end."""
        self.assertEqual(["T WARNING one", "T WARNING two"], self.cut(b"on", b"e\nt", b"wo"))
        self.assertEqual(["T WARNING a", "T WARNING ", "T WARNING b"], self.cut(b"a\r", b"\n\r\nb\r\n"))
        self.assertEqual(["INFO:x:own"], self.cut(b"INFO:x:own\n"))
        self.assertEqual(["T WARNING \ufffd"], self.cut(b"\xff\n"))

    def test_a_line_that_is_drawn_again(self) -> None:
        """Once a second, and its last state."""
        self.assertEqual(["T WARNING 100%"], self.cut(b"10%\r", b"50%\r100%\n"))
        self.assertEqual(["T WARNING 50%"], self.cut(b"10%\r50%\r"))

    def test_a_traceback_is_one_entry(self) -> None:
        """With the severity of the line before it, if that has one."""
        trace = b'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    f()\nValueError: no\n'
        kept = 'Traceback (most recent call last):\n\t  File "a.py", line 1, in f\n\t    f()\n\tValueError: no'
        self.assertEqual(["T WARNING " + kept, "T WARNING on"], self.cut(trace, b"on\n"))
        self.assertEqual(["ERROR:x:bad", "T ERROR " + kept], self.cut(b"ERROR:x:bad\n", trace))
        chain = b"\nDuring handling of the above exception, another exception occurred:\n\n"
        joined = "".join(entry + "\n" for entry in self.cut(trace, chain, trace))
        self.assertEqual(1, len(re.findall(r"(?m)^T", joined)), joined)

    def test_an_entry_of_several_lines_stays_one(self) -> None:
        """As this package's own handler writes it."""
        entry = written(0, "ERROR", "it broke\nTraceback (most recent call last):\n  File\nKeyError: 1")
        self.assertEqual(entry.replace("1970-01-01T00:00:00.000000Z", "T"), "\n".join(self.cut(entry.encode())))

    def test_a_line_that_is_too_long(self) -> None:
        """Is split between characters, and a secret across the cut is found."""
        text = "é" * LINE_MOST
        pieces = self.cut(text.encode() + b"\n")
        self.assertEqual(text, "".join(piece.removeprefix("T WARNING ") for piece in pieces))
        mask = Mask(["a long secret"])
        around = b"x" * (LINE_MOST - 5) + b"a long secret" + b"y" * 100 + b"\n"
        pieces = self.cut(around[: LINE_MOST + 2], around[LINE_MOST + 2 :], clean=mask.bytes, keep=mask.longest)
        self.assertNotIn("secret", "".join(pieces))
        self.assertNotIn("a long", "".join(pieces))


class MaskTest(unittest.TestCase):
    """Secrets, as they are and as they stand in other things."""

    def test_forms(self) -> None:
        """JSON, an address, Base64, a line of several; nothing that is short."""
        mask = Mask(['pass"wörd', "line one\nline two", "short", ""])
        for text in ('pass"wörd', 'pass\\"w\\u00f6rd', "pass%22w%C3%B6rd", "cGFzcyJ3w7ZyZA", "line one", "line two"):
            self.assertEqual("<***>", mask.text(f"<{text}>"))
        self.assertEqual("short", mask.text("short"))

    def test_forms_in_addresses_and_amid_base64(self) -> None:
        """As the server knows them: a header of basic authentication must not tell a password."""
        value = "p/4ss word?Z"
        mask = Mask([value])
        for text in ("p/4ss%20word%3FZ", "p%2F4ss+word%3FZ", "p%2f4ss%20word%3fz".replace("z", "Z"), "p/4ss+word%3fZ"):
            self.assertEqual("<***>", mask.text(f"<{text}>"))
        for before in ("", "a", "ab", "abc", "user:"):
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                masked = mask.text(encode(f"{before}{value}tail".encode()).decode())
                self.assertIn("***", masked)
                self.assertLess(len(masked), 16 + len(before))

    def test_nothing(self) -> None:
        """Without values."""
        self.assertEqual("all", Mask().text("all"))

    def test_masks_of_go_and_python_are_the_same(self) -> None:
        """The server's tests read the same rows."""
        for row in json.loads(Path(__file__).with_name("masks.json").read_text(encoding="utf-8")):
            with self.subTest(row["name"]):
                self.assertEqual(row["masked"], Mask(row["secrets"]).text(row["text"]))


class TailTest(unittest.TestCase):
    """The last lines."""

    def test_whole_lines_at_the_end(self) -> None:
        """Not more than it may be."""
        tail = Tail()
        for i in range(20_000):
            tail.add(b"%d is a line\n" % i)
        text = tail.text()
        self.assertLessEqual(len(text), Tail.MOST)
        self.assertTrue(text.endswith("19999 is a line\n"))
        self.assertRegex(text, r"^\d+ is a line\n")


if __name__ == "__main__":
    unittest.main()
