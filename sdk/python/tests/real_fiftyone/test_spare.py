"""A FiftyOne that must not be forked once it is imported: each operator gets a process that was started ahead."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict, List

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
        self.env = {**real.surroundings(home.name), "PYTHONPATH": f"{self.home}:{real.PACKAGE}"}
        self.worker, theirs = socket.socketpair()
        command = [real.PYTHON, "-m", "signalbox.fiftyone", "serve"]
        self.server = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, env=self.env)
        theirs.close()
        self.addCleanup(self._end)
        assert self.server.stdout is not None
        self.assertEqual(b"ready\n", self.server.stdout.readline())

    def _end(self) -> None:
        self.worker.close()
        self.assertEqual(0, self.server.wait(timeout=30))
        assert self.server.stdout is not None
        self.server.stdout.close()

    def ask(self, operator: str) -> Dict[str, Any]:
        """Have a process ask an operator for its form; give the form and all that the process told."""
        context, result = self.home / "context.json", self.home / "result.json"
        context.write_text(json.dumps({"operator": operator, "params": {}, "dataset": None, "view": None}))
        env = {**self.env, "SIGNALBOX_CONTEXT": str(context), "SIGNALBOX_RESULT": str(result)}
        order = {"argv": [real.PYTHON, "-m", "signalbox.fiftyone", "form"], "dir": str(KINDS), "grace": 1e9, "url": ""}
        pipes = [os.pipe() for _ in range(4)]
        theirs = [pipes[0][0], *(write for _, write in pipes[1:])]
        socket.send_fds(self.worker, [b"x"], theirs)
        for file in theirs:
            os.close(file)
        words = os.fdopen(pipes[0][1], "wb", buffering=0)
        status, stdout, stderr = (os.fdopen(read) for read, _ in pipes[1:])
        with words, status, stdout, stderr:
            words.write(json.dumps({**order, "env": [f"{k}={v}" for k, v in env.items()]}).encode() + b"\n")
            told: List[Dict[str, Any]] = [json.loads(status.readline())]
            words.write(b"go\n")
            said = stderr.read()
            told.append(json.loads(status.readline()))
        self.assertEqual({"exit_code": 0}, told[1], said)
        form: Dict[str, Any] = json.loads(result.read_text())
        return form

    def test_spare_processes_take_the_place_of_forks(self) -> None:
        """They answer one after the other, each in a process that has imported FiftyOne itself."""
        command = Path(f"/proc/{self.server.pid}/cmdline").read_text().split("\0")
        self.assertIn("spare", command)
        for _ in range(2):
            self.assertIn("name", self.ask("@tests/kinds/plain")["schema"]["properties"])
