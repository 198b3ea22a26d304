"""A FiftyOne that must not be forked once it is imported: each operator gets a process that was started ahead."""

from __future__ import annotations

import json
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import real  # noqa: E402

KINDS = Path(__file__).resolve().parents[2] / "testdata" / "kinds"

_THREADED = """
import sys, threading, time

class Starts:
    def find_spec(self, name, path=None, target=None):
        if name == "fiftyone.brain":
            threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()

sys.meta_path.insert(0, Starts())
"""


@unittest.skipUnless(real.PYTHON, "there is no FiftyOne here: SIGNALBOX_TEST_FIFTYONE names the Python that has it")
class SpareTest(unittest.TestCase):
    """The server is asked as a worker asks it."""

    def setUp(self) -> None:
        """Start a server whose FiftyOne starts a thread when it is imported."""
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.home = Path(home.name)
        (self.home / "sitecustomize.py").write_text(_THREADED)
        self.server = real.Server(home.name, path=home.name)
        self.addCleanup(self.server.close)

    def ask(self, operator: str) -> Dict[str, Any]:
        """Have a process ask an operator for its form; give the form."""
        result = self.home / "result.json"
        asked = {"operator": operator, "params": {}, "dataset": None, "view": None}
        env = {**real.context(str(self.home), asked), "SIGNALBOX_RESULT": str(result)}
        process = self.server.start(["form"], env, KINDS)
        _, said = process.communicate(timeout=60)
        self.assertEqual(0, process.returncode, said)
        form: Dict[str, Any] = json.loads(result.read_text())
        return form

    def test_spare_processes_take_the_place_of_forks(self) -> None:
        """They answer one after the other, each in a process that has imported FiftyOne itself."""
        command = Path(f"/proc/{self.server.process.pid}/cmdline").read_text().split("\0")
        self.assertIn("spare", command)
        for _ in range(2):
            self.assertIn("name", self.ask("@tests/kinds/plain")["schema"]["properties"])
