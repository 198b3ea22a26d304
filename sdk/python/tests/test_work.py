"""The package against a control plane that is a real HTTP server in this process."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from signalbox import door, lines, work  # noqa: E402

Answer = Tuple[int, Dict[str, Any]]  # a status, 0 for none; a body, whose "kind" is its content type


class ControlPlane:
    """Keeps what it is sent, and answers what it is told to."""

    def __init__(self) -> None:
        """Start on a free port."""
        self.heard: List[Tuple[str, Dict[str, Any]]] = []
        self.tokens: List[Optional[str]] = []
        self.answers: List[Answer] = []
        self.came = threading.Condition()
        plane = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, answer = plane.take(self.path, self.headers["Authorization"], body)
                kind = answer.pop("kind", "application/json" if status == 200 else "application/problem+json")
                data = json.dumps(answer).encode()
                if status == 0:  # the answer is lost
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Location", "/login")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def take(self, path: str, token: Optional[str], body: Dict[str, Any]) -> Answer:
        """Keep a message and give the next answer."""
        with self.came:
            self.heard.append((path, body))
            self.tokens.append(token)
            self.came.notify_all()
            return self.answers.pop(0) if self.answers else (200, {})

    def wait(self, count: int) -> None:
        """Wait until that many messages came."""
        with self.came:
            if not self.came.wait_for(lambda: len(self.heard) >= count, timeout=20):
                raise AssertionError(f"only {self.heard}")

    def close(self) -> None:
        """End the server."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class WorkTest(unittest.TestCase):
    """Each test has a control plane of its own."""

    def setUp(self) -> None:
        """Start it, and make the environment that of a run."""
        self.plane = ControlPlane()
        self.addCleanup(self.plane.close)
        self.env = {"SIGNALBOX_URL": self.plane.url + "/", "SIGNALBOX_RUN_ID": "R", "SIGNALBOX_TOKEN": "T"}
        patch = mock.patch.dict(os.environ, self.env)
        patch.start()
        self.addCleanup(patch.stop)

    def test_context_is_what_the_file_says(self) -> None:
        """All fields, a run without a dataset, and outside of a run."""
        raw = {
            "operator": "@a/b/c",
            "run": "R",
            "attempt": 2,
            "params": {"n": 1},
            "dataset": {"id": "D", "name": "birds"},
            "view": [{"_cls": "x"}],
        }
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "context.json"
            path.write_text(json.dumps(raw), encoding="utf-8")
            with mock.patch.dict(os.environ, {"SIGNALBOX_CONTEXT": str(path)}):
                got = work.context()
                self.assertEqual(work.Dataset("D", "birds"), got.dataset)
                self.assertEqual(("@a/b/c", "R", 2, {"n": 1}), (got.operator, got.run, got.attempt, got.params))
                self.assertEqual([{"_cls": "x"}], got.view)
                path.write_text(json.dumps({**raw, "dataset": None, "view": None}), encoding="utf-8")
                self.assertIsNone(work.context().dataset)
        with self.assertRaises(RuntimeError):
            work.context()

    def test_result_is_sent_with_the_token(self) -> None:
        """The path, the body and the header."""
        work.result({"n": 1})
        self.assertEqual([("/api/v1/work/R/complete", {"result": {"n": 1}})], self.plane.heard)
        self.assertEqual(["Bearer T"], self.plane.tokens)

    def test_numbers_that_json_does_not_have(self) -> None:
        """They are written as relaxed extended JSON, also deep inside."""
        work.result({"a": [float("nan"), (float("inf"), -float("inf"))], "b": 1.5})
        infinities = [{"$numberDouble": "Infinity"}, {"$numberDouble": "-Infinity"}]
        self.assertEqual({"a": [{"$numberDouble": "NaN"}, infinities], "b": 1.5}, self.plane.heard[0][1]["result"])

    def test_halves_of_surrogate_pairs_are_replaced(self) -> None:
        """The API takes Unicode only; Python reads names of files that are no UTF-8 as halves of surrogate pairs."""
        work.result({"file": b"a\xff.png".decode("utf-8", "surrogateescape"), "pair": "\ud83d\ude00"})
        self.assertEqual({"result": {"file": "a\ufffd.png", "pair": "\U0001f600"}}, self.plane.heard[0][1])

    def test_a_result_that_is_too_large_is_not_sent(self) -> None:
        """The limit is told."""
        with self.assertRaisesRegex(ValueError, "16777216"):
            work.result("x" * (work.MAX_RESULT + 1))
        self.assertEqual([], self.plane.heard)

    def test_a_report_is_repeated_until_it_is_answered(self) -> None:
        """A lost answer and a server in trouble."""
        self.plane.answers = [(0, {}), (503, {}), (200, {})]
        work.result(1)
        self.assertEqual(3, len(self.plane.heard))

    def test_what_a_proxy_says_is_no_answer(self) -> None:
        """A page, a code of its own, no code at all, a way to log in: only a problem with a code counts."""
        self.plane.answers = [
            (404, {"kind": "text/html", "code": "not_found"}),
            (401, {"kind": "application/json", "code": "unauthenticated"}),
            (409, {"code": 409}),
            (403, {}),
            (302, {"kind": "text/html"}),
        ]
        with mock.patch.object(door, "RETRY_MOST", 0.01), mock.patch.object(door, "RETRY_FIRST", 0.01):
            work.result(1)
        self.assertEqual(["/api/v1/work/R/complete"] * 6, [path for path, _ in self.plane.heard])

    def test_a_run_that_is_over_is_no_error(self) -> None:
        """Nothing fails because of it."""
        over: Answer = (409, {"code": "run_over", "detail": "it is over"})
        self.plane.answers = [over, over, over]
        work.result(1)
        work.fail("no")
        work.log_path("s3://bucket/R.log")
        self.assertEqual(3, len(self.plane.heard))

    def test_another_refusal_is_an_error_with_its_code(self) -> None:
        """A second, different report."""
        self.plane.answers = [(409, {"code": "conflict", "detail": "it has reported another end"})]
        with self.assertRaisesRegex(work.WorkError, "another end") as caught:
            work.result(2)
        self.assertEqual("conflict", caught.exception.code)

    def test_failure_has_the_stack_of_the_exception(self) -> None:
        """Inside of an except, and outside of one."""
        try:
            raise KeyError("colour")
        except KeyError:
            work.fail("no colour")
        work.fail("no", stack="here")
        (_, first), (_, second) = self.plane.heard
        self.assertIn("KeyError: 'colour'", first["stack"])
        self.assertEqual({"message": "no", "stack": "here"}, second)

    def test_progress_is_joined_and_the_last_one_goes(self) -> None:
        """A thousand calls are few messages."""
        for i in range(1001):
            work.progress(i / 1000, f"step {i}")
        work._environment.reports.flush()
        self.assertLess(len(self.plane.heard), 20)
        self.assertEqual({"fraction": 1.0, "label": "step 1000"}, self.plane.heard[-1][1])

    def test_progress_never_raises(self) -> None:
        """Odd numbers, refusals and a control plane that is away."""
        self.plane.answers = [(500, {}), (409, {"code": "conflict"}), (0, {})]
        for fraction in (float("nan"), 7, -1, None):
            work.progress(fraction)
            work._environment.reports.flush()
        self.assertEqual([None, 1.0, 0.0, None], [body["fraction"] for _, body in self.plane.heard])

    def test_outside_of_a_run(self) -> None:
        """Progress and log path do nothing; a report says what is missing."""
        with mock.patch.dict(os.environ, {"SIGNALBOX_TOKEN": ""}):
            work.progress(0.5)
            work.log_path("x")
            with self.assertRaisesRegex(RuntimeError, "SIGNALBOX_TOKEN"):
                work.result(1)
        self.assertEqual([], self.plane.heard)

    def test_progress_of_a_process_that_ends_at_once(self) -> None:
        """The last message goes before the exit."""
        script = "import signalbox; signalbox.progress(0.1); signalbox.progress(1, 'done')"
        env = {**os.environ, **self.env, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", script], env=env, check=True, timeout=60)
        self.assertEqual({"fraction": 1.0, "label": "done"}, self.plane.heard[-1][1])

    def test_stopped_tells_of_sigterm(self) -> None:
        """The process goes on to end by itself."""
        script = (
            "import time, signalbox\n"
            "assert not signalbox.stopped()\n"
            "print('ready', flush=True)\n"
            "while not signalbox.stopped(): time.sleep(0.01)\n"
            "print('tidy')\n"
        )
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen([sys.executable, "-c", script], env=env, stdout=subprocess.PIPE, text=True) as p:
            assert p.stdout is not None
            self.assertEqual("ready\n", p.stdout.readline())
            p.send_signal(signal.SIGTERM)
            self.assertEqual("tidy\n", p.stdout.readline())
            self.assertEqual(0, p.wait(20))


class LogHandlerTest(unittest.TestCase):
    """Lines in the format that the worker keeps as they are."""

    def test_a_record_is_one_entry(self) -> None:
        """Time, severity, and a traceback behind tabs."""
        out = io.StringIO()
        log = logging.Logger("test")
        log.addHandler(work.LogHandler(out))
        log.warning("careful: %d", 3)
        try:
            raise ValueError("deep")
        except ValueError:
            log.exception("it broke")
        lines = out.getvalue().splitlines()
        self.assertRegex(lines[0], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z WARNING careful: 3$")
        self.assertRegex(lines[1], r"^\S+Z ERROR it broke$")
        self.assertEqual("\tTraceback (most recent call last):", lines[2])
        self.assertEqual("\tValueError: deep", lines[-1])
        self.assertTrue(all(line.startswith("\t") for line in lines[2:]))

    def test_levels_between_the_names_count_as_the_lower_one(self) -> None:
        """Also levels of one's own."""
        self.assertEqual(
            ["DEBUG", "INFO", "INFO", "WARNING", "ERROR", "CRITICAL"],
            [lines.severity(n) for n in (5, 20, 25, 30, 40, 99)],
        )


if __name__ == "__main__":
    unittest.main()
