"""Lets tasks of this package be the work of runs on the server that the environment names, as its admin.

The tests from end to end run it against a real server; it is no test of its own. The runs go to a pool of the builtin
orchestrator that has no worker but this process.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Any, Callable, Dict

import signalbox
import signalbox.management as fom
from signalbox import command
from signalbox.door import Door
from signalbox.management.client import path

PLUGIN = "@ours/hand"
MANIFEST = f"""
name: '{PLUGIN}'
version: '1.0'
operators: [count]
secrets: [HAND_COLOUR]
signalbox:
  operators:
    count:
      command: ['{sys.executable}', 'count.py']
      inputs: {{type: object, properties: {{n: {{type: integer}}}}}}
"""
COUNT = """
import os, time, signalbox
n = signalbox.context().params["n"]
print("counting to", n, os.environ["HAND_COLOUR"], flush=True)
if n < 0:
    time.sleep(600)
signalbox.result(list(range(n)))
"""
PATIENCE = 120  # seconds


class TaskTest(unittest.TestCase):
    """A run from its claim to its end, by hand."""

    key = ""
    worker: Dict[str, Any] = {"name": "by hand", "incarnation": "1", "version": "1", "pool": "hand", "concurrency": 9}

    @classmethod
    def setUpClass(cls) -> None:
        """Make a pool, its one worker, and a plugin that runs there."""
        api = fom.client.api()
        cls.key = api.post("/orchestrators/builtin/keys", {"name": "by hand"})["key"]
        routes = api.get("/orchestrators/builtin")["routes"]
        ours = {"operators": [f"{PLUGIN}/*"], "target": {"pool": "hand"}}
        api.patch("/orchestrators/builtin", {"routes": [ours, *routes]})
        fom.add_secret("HAND_COLOUR", "dark green")
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "fiftyone.yml").write_text(MANIFEST)
            Path(folder, "count.py").write_text(COUNT)
            fom.upload_plugin(folder)
        work = Door(os.environ["SIGNALBOX_URL"] + "/api/v1/work", cls.key)
        cls.left = threading.Event()
        cls.present = threading.Thread(target=cls.register, args=(work, cls.left), daemon=True)
        cls.present.start()

    @classmethod
    def register(cls, work: Door, left: threading.Event) -> None:
        """Say that the worker is there, until it leaves."""
        while True:
            work.send("workers", {**cls.worker, "running": []})
            if left.wait(5):
                return

    @classmethod
    def tearDownClass(cls) -> None:
        """Leave."""
        cls.left.set()
        cls.present.join()

    def scheduled(self, n: int) -> str:
        """Schedule a run, and wait until it was sent out."""
        run: str = fom.client.api().post("/runs", {"operator": f"{PLUGIN}/count", "params": {"n": n}})["id"]
        self.until(run, lambda r: r["status"] == "queued")
        return run

    def until(self, run: str, what: Callable[[Any], bool]) -> Any:
        """Wait until a run is what it should be."""
        end = time.monotonic() + PATIENCE
        while True:
            got = fom.client.api().get(path("runs", run))
            if what(got):
                return got
            if time.monotonic() > end:
                self.fail(f"it did not become so: {got}")
            time.sleep(0.05)

    def claim(self, run: str, **named: Any) -> signalbox.Task:
        """Claim a run with the orchestrator's key."""
        return signalbox.claim(run, 1, url=os.environ["SIGNALBOX_URL"], key=self.key, **named)

    def ended(self, task: signalbox.Task, run: str) -> Any:
        """Tell that the work has ended, as nobody else does here, and wait for the end."""
        Door(task.door.url, task.answer["end_token"]).send("end", {"exit_code": 0})
        return self.until(run, lambda r: r["status"] in ("completed", "failed") and r["work"]["state"] == "ended")

    def log(self, run: str) -> str:
        """Give a run's log."""
        with tempfile.TemporaryFile() as f:
            fom.client.api().download(path("runs", run, "logs", "download"), f)
            f.seek(0)
            return f.read().decode()

    def test_result_progress_and_log(self) -> None:
        """What the task says is what the run has."""
        run = self.scheduled(3)
        with self.claim(run, source="clean[2]", try_number=1) as task:
            self.assertEqual((f"{PLUGIN}/count", 3), (task.context().operator, task.context().params["n"]))
            self.assertEqual({"HAND_COLOUR": "dark green"}, dict(task.secrets))
            signalbox.progress(0.5, "half way")
            logging.getLogger("mine").warning("it is dark green")
            self.until(run, lambda r: r["status"] == "running" and (r["progress"] or {}).get("label") == "half way")
            task.result({"n": float("inf")})
        got = self.ended(task, run)
        self.assertEqual(("completed", {"n": {"$numberDouble": "Infinity"}}), (got["status"], got["result"]))
        self.assertRegex(self.log(run), r"^\S+Z WARNING it is \*\*\*\n$")

    def test_failure(self) -> None:
        """The stack is the exception's."""
        run = self.scheduled(1)
        with self.assertRaises(KeyError), self.claim(run) as task:
            raise KeyError("colour")
        got = self.ended(task, run)
        self.assertEqual("KeyError: 'colour'", got["failure"]["message"])
        self.assertIn("live_task.py", got["failure"]["stack"])

    def test_tries(self) -> None:
        """A higher one takes over; the same one goes on only by its nonce."""
        run = self.scheduled(1)
        with self.claim(run, try_number=1, nonce="a") as first:
            first.log(b"one\n")
        with self.claim(run, try_number=1, nonce="a") as again:
            again.log(b"two\n")
        self.assertRaises(signalbox.Over, self.claim, run, try_number=1, nonce="b")
        with self.claim(run, try_number=2) as second:
            self.assertRaises(signalbox.Over, self.claim, run, try_number=1, nonce="a")
            second.log(b"three\n")
            second.result(2)
        self.assertEqual(2, self.ended(second, run)["result"])
        self.assertRegex(self.log(run), r"(?s)\none\ntwo\n.*\nthree\n$")

    def test_stop(self) -> None:
        """The task hears it, and what it says then is dropped."""
        run = self.scheduled(1)
        with self.assertRaises(signalbox.Stopped), self.claim(run, interrupt=True) as task:
            fom.client.api().post(path("runs", run, "stop"), {})
            time.sleep(PATIENCE)
        self.assertEqual("stopped", self.ended(task, run)["failure"]["kind"])
        self.assertRaises(signalbox.Over, self.claim, run)

    def test_over_before_it_began(self) -> None:
        """It does not begin."""
        run = self.scheduled(1)
        task = self.claim(run)
        fom.client.api().post(path("runs", run, "fail"), {})
        with self.assertRaises(signalbox.Over), task:
            self.fail("it began")
        self.assertEqual("marked", self.ended(task, run)["failure"]["kind"])

    def test_command(self) -> None:
        """The pinned archive, a real process, its own report; and a stop of it."""
        run = self.scheduled(4)
        task = self.claim(run, logs=False)
        command.run(task)
        got = self.ended(task, run)
        self.assertEqual(("completed", [0, 1, 2, 3]), (got["status"], got["result"]))
        self.assertRegex(self.log(run), r"Z INFO counting to 4 \*\*\*\n$")
        run = self.scheduled(-1)
        task = self.claim(run, logs=False)
        with self.assertRaises(signalbox.Stopped):
            command.run(task, echo=lambda _: fom.client.api().post(path("runs", run, "stop"), {}))
        self.assertEqual("stopped", self.ended(task, run)["failure"]["kind"])


if __name__ == "__main__":
    unittest.main()
