"""A task from its claim to its end, against a work API that is a real HTTP server in this process."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import signal
import sys
import threading
import time
import traceback
import unittest
from pathlib import Path
from typing import Any, Iterator
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from fake_work import KEY, WorkAPI  # noqa: E402

import signalbox  # noqa: E402
from signalbox import door, ship, task  # noqa: E402


class World(unittest.TestCase):
    """Each test has a work API of its own."""

    def setUp(self) -> None:
        """Start it."""
        self.api = WorkAPI()
        self.addCleanup(self.api.close)
        for name, value in (("RETRY_FIRST", 0.005), ("RETRY_MOST", 0.01)):
            patch = mock.patch.object(door, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        patched = mock.patch.object(ship, "SHIP_AFTER", 0.01)
        patched.start()
        self.addCleanup(patched.stop)

    def claim(self, run: str = "R", key: str = KEY, **named: Any) -> signalbox.Task:
        """Claim the run."""
        return signalbox.claim(run, 1, url=self.api.url, key=key, **named)


class TaskTest(World):
    """From claim to end."""

    def test_from_claim_to_result(self) -> None:
        """Context, progress, a line of the log, and the result, also by the functions of the package."""
        with self.claim(source="clean[3]", try_number=2) as t:
            self.assertIs(t, signalbox.current())
            self.assertEqual(signalbox.Dataset("D", "birds"), signalbox.context().dataset)
            self.assertEqual(("@a/b/c", "R", 1, {"n": 1}), tuple(getattr(t.context(), f) for f in FIELDS))
            signalbox.progress(0.5, "half way")
            logging.getLogger("mine").warning("careful")
            t.result({"n": float("nan")})
        self.assertIsNone(signalbox.current())
        said = self.api.bodies["claim"][0]
        self.assertEqual(("R", 1, "clean[3]", 2), (said["run_id"], said["attempt"], said["source"], said["try"]))
        self.assertEqual([{"fraction": 0.5, "label": "half way"}], self.api.bodies["progress"])
        self.assertEqual(("clean[3]", "complete", {"result": {"n": {"$numberDouble": "NaN"}}}), self.api.reported)
        self.assertRegex(self.api.log("clean[3]", 2), r"^\S+Z WARNING careful\n$")
        self.assertLess(self.api.calls.index("claim"), self.api.calls.index("start"))

    def test_an_exception_is_the_failure(self) -> None:
        """With its stack, which is also in the log, and without the secrets."""
        self.api.answer = {"secrets": {"PASSWORD": "correct horse"}}
        with self.assertRaises(KeyError), self.claim():
            raise KeyError("correct horse")
        assert self.api.reported is not None
        self.assertEqual("fail", self.api.reported[1])
        self.assertEqual("KeyError: '***'", self.api.reported[2]["message"])
        self.assertIn("test_task.py", self.api.reported[2]["stack"])
        self.assertIn("ERROR The task failed.\n\tTraceback", self.api.log())
        self.assertNotIn("correct horse", self.api.log() + str(self.api.bodies))

    def test_an_exit_is_a_failure_if_its_status_says_so(self) -> None:
        """What an exit with status 0 means is left to the orchestrator."""
        for code, said in ((None, None), (0, None), (1, "SystemExit: 1"), ("no data", "SystemExit: no data")):
            with self.subTest(code=code), self.assertRaises(SystemExit), self.claim(source=str(code)):
                self.api.reported = None
                sys.exit(code)
            self.assertEqual(said, self.api.reported[2]["message"] if self.api.reported else None)

    def test_who_breaks_off_the_end_ends_the_rest(self) -> None:
        """As an impatient Ctrl-C while the log is sent: signs of life would keep a run going that has no task."""
        with self.assertRaises(KeyboardInterrupt), self.claim() as t:
            assert t._ship is not None
            closing = mock.patch.object(t._ship, "close", side_effect=KeyboardInterrupt)
            self.addCleanup(closing.stop)
            self.addCleanup(t._ship.close, 5)
            closing.start()
        self.assertIsNone(signalbox.current())
        self.assertNotIn(t._life._thread, threading.enumerate())

    def test_a_run_that_is_over_is_not_begun(self) -> None:
        """At the claim and at the start, and whatever the reason."""
        self.api.state = "ended"
        self.assertRaises(signalbox.Over, self.claim)
        self.api.state = "over"
        with self.assertRaises(signalbox.Over), self.claim():
            self.fail("it began")
        self.assertNotIn("heartbeat", self.api.calls)

    def test_a_run_that_becomes_over_fails_nothing(self) -> None:
        """What is said then is dropped."""
        with self.claim() as t:
            self.api.state = "over"
            t.progress(0.5)
            t.result(1)
        self.assertIsNone(self.api.reported)
        with self.assertRaises(ZeroDivisionError):  # its own, not ours
            self.api.state = "open"
            with self.claim(source="b"):
                self.api.state = "ended"
                _ = 1 / 0

    def test_who_may_not_claim(self) -> None:
        """A wrong key and another's run are errors with a code."""
        for named in ({"key": "sbo_wrong"}, {"run": "S"}):
            with self.assertRaises(signalbox.WorkError) as caught:
                signalbox.claim(named.get("run", "R"), 1, url=self.api.url, key=named.get("key", KEY))
            self.assertIn(caught.exception.code, ("unauthenticated", "not_found"))
            self.assertNotIn("sbo_", str(caught.exception))
        with mock.patch.dict(os.environ, {}, clear=True), self.assertRaisesRegex(ValueError, "ORCHESTRATOR_KEY"):
            signalbox.claim("R", 1, url=self.api.url)

    def test_a_key_from_a_file_ends_with_a_newline(self) -> None:
        """As secrets of Kubernetes often do; it is a key all the same, however it is given."""
        with self.claim(key=KEY + "\n"):
            pass
        with mock.patch.dict(os.environ, {"SIGNALBOX_ORCHESTRATOR_KEY": KEY + "\r\n", "SIGNALBOX_URL": self.api.url}):
            with signalbox.claim("R", 1, source="b"):
                pass

    def test_a_key_that_cannot_be_sent_is_not_shown(self) -> None:
        """The log of the task would keep it."""
        for key in ("sbo_first\nsbo_second", "sbo_first\x7f", "sbo_first\u2026"):
            with self.subTest(key=key), self.assertRaises(ValueError) as caught:
                self.claim(key=key)
            shown = "".join(traceback.format_exception(type(caught.exception), caught.exception, None))
            self.assertIn("key", shown)
            self.assertNotIn("first", shown)
        self.assertEqual(0, self.api.count("claim"))

    def test_a_lost_answer_to_the_claim(self) -> None:
        """The same nonce claims again."""
        self.api.away = 2
        with self.claim():
            pass
        self.assertEqual(1, len({said["nonce"] for said in self.api.bodies["claim"]}))
        self.assertEqual(3, self.api.count("claim"))

    def test_a_token_that_is_refused_is_replaced(self) -> None:
        """By claiming again with the same nonce; a report then gets through."""
        with self.claim() as t:
            with self.api.changed:
                self.api.tokens.clear()
                self.api.away = 3
            t.result("kept")
            logging.getLogger("mine").error("it is %s", t.door.token)
        assert self.api.reported is not None
        self.assertEqual({"result": "kept"}, self.api.reported[2])
        self.assertIn("ERROR it is ***\n", self.api.log())

    def test_a_higher_try_takes_over(self) -> None:
        """The lower one hears it from its heartbeat."""
        with self.claim(try_number=1) as t:
            with self.claim(try_number=2):
                self.api.wait(t.stopped)
            with self.assertRaisesRegex(signalbox.Stopped, "over"):
                t.check()

    def test_a_stop_is_told(self) -> None:
        """By asking, by checking, and by a call."""
        called = threading.Event()
        with self.assertRaises(signalbox.Stopped), self.claim() as t:
            t.on_stop(called.set)
            self.assertFalse(signalbox.stopped())
            self.api.stop = True
            self.assertTrue(called.wait(20))
            self.assertTrue(signalbox.stopped())
            t.check()
        self.assertIsNone(self.api.reported)

    def test_a_call_that_fails_on_a_stop_ends_nothing(self) -> None:
        """The next is called too."""
        called = threading.Event()
        with self.claim(logs=False) as t:
            t.on_stop(lambda: 1 // 0)
            t.on_stop(called.set)
            self.api.stop = True
            self.assertTrue(called.wait(10))

    def test_a_stop_interrupts(self) -> None:
        """Also a wait, and past an ``except Exception``."""
        with self.assertRaises(signalbox.Stopped), self.claim(interrupt=True):
            self.api.stop = True
            try:
                time.sleep(60)
            except Exception:  # noqa: BLE001 - that is the point
                self.fail("it was swallowed")
        self.assertIs(signal_handler(), DEFAULT)

    def test_prints_are_lines_of_the_log(self) -> None:
        """Standard output is INFO, standard error WARNING, and both are still printed."""
        with mock.patch("sys.stdout"), mock.patch("sys.stderr"):
            shown = sys.stdout
            with self.claim():
                print("to see", end="")
                print("!\ntwice")
                print("bad", file=sys.stderr)
            self.assertIs(shown, sys.stdout)
            self.assertIn(mock.call("to see"), shown.write.call_args_list)  # type: ignore[attr-defined]
        self.assertRegex(self.api.log(), r"(?s)Z INFO to see!\n.*Z INFO twice\n")
        self.assertRegex(self.api.log(), r"Z WARNING bad\n")

    def test_logs_stay_here_if_they_are_not_wanted(self) -> None:
        """Nothing is sent."""
        with self.claim(logs=False):
            logging.getLogger("mine").error("for the console")
        self.assertEqual("", self.api.log())

    def test_secrets_are_masked_before_they_are_sent(self) -> None:
        """In lines, progress and results; also the task's own token."""
        self.api.answer = {"secrets": {"PASSWORD": 'pass"word'}}
        with self.claim() as t:
            logging.getLogger("mine").error('it is pass"word, as JSON pass\\"word, %s', t.door.token)
            signalbox.progress(None, 'pass"word')
            t.result(['pass"word'])
        self.assertIn("it is ***, as JSON ***, ***\n", self.api.log())
        self.assertEqual("***", self.api.bodies["progress"][-1]["label"])
        self.assertEqual({"result": ["***"]}, self.api.bodies["complete"][0])

    def test_what_a_function_returned(self) -> None:
        """None says nothing, what is no JSON neither, and what was said before stays."""
        for value, before, said in ((None, False, None), (object(), False, None), (7, False, 7), (7, True, "said")):
            with self.subTest(value=value), self.claim(source=f"{value} {before}") as t:
                self.api.reported = None
                if before:
                    signalbox.result("said")
                t.returned(value)
                self.assertEqual(said, self.api.reported[2]["result"] if self.api.reported else None)
        odd = mock.Mock(tolist=mock.Mock(side_effect=RuntimeError("it lies on a device")))
        with self.claim(source="odd") as t:
            t.returned(odd)
        with mock.patch("signalbox.report.MAX_RESULT", 3), self.claim(source="large") as t:
            self.assertRaises(ValueError, t.returned, "large")

    def test_a_value_that_cannot_be_read_fails_nothing(self) -> None:
        """Such as a tensor on a device that is gone: the task has done its work."""
        value = mock.Mock()
        for error in (ValueError("no host memory"), RuntimeError("device lost"), AttributeError("tolist")):
            value.tolist.side_effect = error
            with self.subTest(error=error), self.assertLogs("signalbox", "WARNING") as told:
                with self.claim(source=str(error)) as t:
                    t.returned(value)
                self.assertIn(f"no result: {error}", "".join(told.output))
        self.assertIsNone(self.api.reported)

    def test_the_place_of_a_log_that_is_refused_fails_nothing(self) -> None:
        """It is told, and the task goes on."""
        with self.claim() as t:
            t.log_path("s3://logs/R.log")
            self.api.state = "ended"
            t.log_path("s3://logs/R.log")
        self.assertEqual({"uri": "s3://logs/R.log"}, self.api.bodies["log-path"][0])


class LogTest(World):
    """Chunks."""

    def test_a_second_process_of_the_same_try_goes_on(self) -> None:
        """Its log follows that of the first."""
        for text in ("first", "second", "third"):
            with self.claim(nonce="the same") as t:
                t.log(f"{text}\n".encode())
        self.assertEqual("first\nsecond\nthird\n", self.api.log())

    def test_lost_answers_double_nothing(self) -> None:
        """Chunks are repeated as they were."""
        with self.claim() as t:
            for i in range(20):
                self.api.away = 2
                t.log(b"%d\n" % i)
        self.assertEqual([str(i) for i in range(20)], self.api.log().split())

    def test_a_large_log_is_whole_lines_in_order(self) -> None:
        """More than a file of the spool, and a line that is too long."""
        with mock.patch.object(ship, "_SEGMENT", 100_000), self.claim() as t:
            for i in range(3000):
                t.log(b"%d " % i + b"x" * 300 + b"\n")
            t.log(b"\xc3\xa9" * 50_000 + b"\n")
        kept = self.api.chunks["main", 0]
        self.assertTrue(all(chunk.endswith(b"\n") and len(chunk) <= ship.CHUNK_MOST for chunk in kept))
        lines = self.api.log().splitlines()
        self.assertEqual([str(i) for i in range(3000)], [line.split()[0] for line in lines[:3000]])
        self.assertEqual("é" * 50_000, "".join(line.lstrip("\t") for line in lines[3000:]))
        self.assertTrue(all(len(line.encode()) <= 64 * 1024 for line in lines))

    def test_no_folder_for_temporary_files(self) -> None:
        """The log waits in memory then, and the task goes on."""
        nowhere = mock.patch("tempfile.TemporaryFile", side_effect=FileNotFoundError("no usable temporary directory"))
        with nowhere, mock.patch.object(ship, "_SEGMENT", 1000), self.assertLogs("signalbox", "WARNING") as told:
            with self.claim() as t:
                for i in range(300):
                    t.log(b"%d\n" % i)
        self.assertEqual([str(i) for i in range(300)], self.api.log().split())
        self.assertIn("no usable temporary directory", "".join(told.output))

    def test_what_finds_no_room_is_told(self) -> None:
        """A line stands for what is missing; nobody waits for each line."""
        with mock.patch.object(ship, "WAIT_MOST", 0.01):
            spool = ship.Spool(most=100)
            spool.write(b"a" * 90 + b"\n")
            spool.write(b"b" * 90 + b"\n")
            spool.write(b"c" * 90 + b"\n")
            chunk, more = spool.await_due(lambda: 0)
            self.assertEqual((b"a" * 90 + b"\n", True), (chunk, more))
            spool.sent(len(chunk))
            spool.write(b"d\n")
            self.assertRegex(spool.await_due(lambda: 0)[0], rb"WARNING .*lines: 2, bytes: 182.*\nd\n$")
            spool.remove()

    def test_a_forked_process_is_not_heard_twice(self) -> None:
        """It shares the files of the spool."""
        with self.claim(logs=False) as t:
            child = os.fork()
            if child == 0:
                t.log(b"child\n")
                os._exit(0)
            os.waitpid(child, 0)
            t.log(b"parent\n")
        self.assertEqual("parent\n", self.api.log())

    def test_a_forked_process_prints_while_a_thread_printed(self) -> None:
        """It waits for nothing that only the other thread could give back."""
        with mock.patch("sys.stdout"), mock.patch("sys.stderr"), self.claim() as t:
            inside, go_on = threading.Event(), threading.Event()

            def slow(_lines: bytes) -> None:
                inside.set()
                go_on.wait(20)

            with mock.patch.object(t._ship, "write", slow):  # who prints waits here for room, say
                printing = threading.Thread(target=print, args=("parent",))
                printing.start()
                self.assertTrue(inside.wait(20))
                child = os.fork()
                if child == 0:
                    signal.alarm(5)  # it would hang
                    print("child")
                    os._exit(0)
                status = os.waitpid(child, 0)[1]
                go_on.set()
                printing.join()
        self.assertEqual(0, status)

    def test_a_signal_handler_prints_amid_a_print(self) -> None:
        """Its line follows the one that it interrupted."""
        before = signal.signal(signal.SIGUSR1, lambda *_: print("handled"))
        self.addCleanup(signal.signal, signal.SIGUSR1, before)
        with mock.patch("sys.stdout"), mock.patch("sys.stderr"), self.claim() as t:
            send, sent = t._ship.write, []

            def interrupted(lines: bytes) -> None:
                if not sent:
                    sent.append(signal.raise_signal(signal.SIGUSR1))
                send(lines)

            with mock.patch.object(t._ship, "write", interrupted), hanging():
                print("first")
        self.assertRegex(self.api.log(), r"^\S+Z INFO first\n\S+Z INFO handled\n$")

    def test_a_control_plane_that_is_away_holds_the_end_up_for_a_while_only(self) -> None:
        """The log is given up, and that is said."""
        quick = mock.patch.multiple(door, TELL_AFTER=0.01)
        with quick, mock.patch.object(task, "FLUSH_FOR", 0.1), self.assertLogs("signalbox", "WARNING") as told:
            with self.claim() as t:
                self.api.away = 1 << 30
                t.log(b"lost\n")
        self.assertIn("not taken in time", "".join(told.output))
        self.assertIn(f"No answer from {self.api.url}", "".join(told.output))


@contextlib.contextmanager
def hanging() -> Iterator[None]:
    """End a test that hangs in the main thread."""
    faulthandler.dump_traceback_later(10, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


FIELDS = ("operator", "run", "attempt", "params")


def signal_handler() -> Any:
    """Give what SIGINT does now."""
    return signal.getsignal(signal.SIGINT)


DEFAULT = signal_handler()

if __name__ == "__main__":
    unittest.main()
