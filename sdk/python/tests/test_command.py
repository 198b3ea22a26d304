"""Commands of operators as the work of a task: real archives, real processes, real HTTP."""

from __future__ import annotations

import json
import os
import select
import stat
import subprocess
import sys
import tempfile
import threading
import unittest
import zipfile
from pathlib import Path
from typing import Any, Dict, List
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fake_work import archive  # noqa: E402
from test_task import World  # noqa: E402

import signalbox  # noqa: E402
from signalbox import command  # noqa: E402
from signalbox.archive import ArchiveError, unpack  # noqa: E402


class CommandTest(World):
    """The contract of docs/operators.md."""

    def run_it(self, **named: Any) -> List[str]:
        """Run the command of the work API's run; give what was echoed."""
        seen: List[str] = []
        command.run(self.claim(logs=False), echo=seen.append, folder=self.folder, **named)
        return seen

    def setUp(self) -> None:
        """Make a place for the folders of runs."""
        super().setUp()
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = place.name

    def shell(self, script: str, **more: Any) -> None:
        """Let the operator be a shell script."""
        self.api.command({"fiftyone.yml": "name: x", "do.sh": script}, ["sh", "do.sh"], **more)

    def reported(self) -> Any:
        """Give the kind and the body of the report."""
        assert self.api.reported is not None
        return self.api.reported[1:]

    def test_what_the_process_gets(self) -> None:
        """Its folder, its context, its environment and nothing else."""
        script = (
            "import json, os, stat, sys, signalbox\n"
            "seen = dict(os.environ, cwd=os.listdir(), stdin=sys.stdin.read(), group=os.getpgrp() == os.getpid())\n"
            "seen['mode'] = stat.S_IMODE(os.stat(os.environ['SIGNALBOX_CONTEXT']).st_mode)\n"
            "seen['context'] = json.load(open(os.environ['SIGNALBOX_CONTEXT']))\n"
            "seen['token'] = bool(os.environ.pop('SIGNALBOX_TOKEN'))\n"
            "json.dump(seen, open(os.environ['SIGNALBOX_RESULT'], 'w'))\n"
        )
        self.api.command({"a.py": script}, [sys.executable, "a.py"], secrets={"COLOUR": "dark green", "PYTHONX": "1"})
        with mock.patch.dict(os.environ, {"AIRFLOW__CORE__FERNET_KEY": "no", "LANG": "C.UTF-8"}):
            self.run_it()
        kind, body = self.reported()
        got = body["result"]
        self.assertEqual("complete", kind)
        wanted = {"operator": "@a/b/c", "params": {"n": 1}, "dataset": {"id": "D", "name": "birds"}, "view": None}
        self.assertEqual({**wanted, "run": "R", "attempt": 1}, got["context"])
        self.assertEqual((["a.py"], "", True, 0o600), (got["cwd"], got["stdin"], got["group"], got["mode"]))
        self.assertEqual(("1", "R", self.api.url), tuple(got["SIGNALBOX_" + n] for n in ("ATTEMPT", "RUN_ID", "URL")))
        self.assertEqual(("1", "C.UTF-8", "***"), (got["PYTHONUNBUFFERED"], got["LANG"], got["COLOUR"]))
        self.assertTrue(got["PYTHONPATH"].startswith(self.folder))
        self.assertNotIn("AIRFLOW__CORE__FERNET_KEY", got)
        self.assertEqual([], os.listdir(self.folder))

    def test_each_line_is_a_line_of_the_log(self) -> None:
        """By its stream, or by its own time and severity; also echoed; without secrets."""
        self.shell('echo out $PW; echo err >&2; echo "2026-01-02 03:04:05 ERROR own"', secrets={"PW": "very secret"})
        seen = self.run_it()
        log = self.api.log()
        self.assertRegex(log, r"Z INFO out \*\*\*\n")
        self.assertRegex(log, r"Z WARNING err\n")
        self.assertIn("2026-01-02 03:04:05 ERROR own\n", log)
        self.assertCountEqual(log.splitlines(), seen)

    def test_an_exit_status_is_the_failure(self) -> None:
        """With the last lines of standard error as the stack."""
        self.shell("echo why >&2; exit 3")
        with self.assertRaisesRegex(command.CommandError, "^exit status 3$"):
            self.run_it()
        self.assertEqual(("fail", {"message": "exit status 3", "stack": "why\n"}), self.reported())

    def test_a_signal_is_the_failure(self) -> None:
        """In words."""
        self.shell("kill -9 $$")
        with self.assertRaisesRegex(command.CommandError, "^killed by signal: killed$"):
            self.run_it()

    def test_what_the_operator_reported_itself_counts(self) -> None:
        """A failure with a status, and a result with a file of another."""
        said = "import signalbox, sys\nsignalbox.fail('no colour', 'here')\nsys.exit(1)\n"
        self.api.command({"a.py": said}, [sys.executable, "a.py"])
        with self.assertRaises(command.CommandError):
            self.run_it()
        self.assertEqual(("fail", {"message": "no colour", "stack": "here"}), self.reported())
        self.api.reported = None
        self.api.claimed.clear()
        said = "import os, signalbox\nsignalbox.result(1)\nopen(os.environ['SIGNALBOX_RESULT'], 'w').write('2')\n"
        self.api.command({"a.py": said}, [sys.executable, "a.py"])
        self.run_it()
        self.assertEqual(("complete", {"result": 1}), self.reported())

    def test_results_that_are_none(self) -> None:
        """Text, a link, a folder, one that is too large; each says why. Nothing is a result too."""
        most = str(command.MAX_RESULT + 1)
        for script, message in (
            ("echo no > $SIGNALBOX_RESULT", "not JSON"),
            ("ln -s /etc/hostname $SIGNALBOX_RESULT", "not a file"),
            ("mkdir $SIGNALBOX_RESULT", "not a file"),
            (f"head -c {most} /dev/zero > $SIGNALBOX_RESULT", most),
            ("", ""),
        ):
            with self.subTest(script=script):
                self.api.reported = None
                self.api.claimed.clear()
                self.shell(script)
                if not message:
                    self.run_it()
                    self.assertEqual(("complete", {"result": None}), self.reported())
                    continue
                with self.assertRaisesRegex(command.CommandError, message):
                    self.run_it()
                self.assertEqual("fail", self.reported()[0])

    def test_programs_that_do_not_start(self) -> None:
        """The message names them and says what to do."""
        files = {"here": "#!/bin/sh\n", "odd": "#!/nowhere/sh\n", "plain": "text"}
        for program, message in (
            ("nowhere-at-all", "PATH"),
            ("here", r"write \./here"),
            ("./plain", "may not be executed"),
            ("./odd", "interpreter"),
        ):
            with self.subTest(program=program):
                self.api.claimed.clear()
                self.api.reported = None
                self.api.command(files, [program], executable=("odd",))
                with self.assertRaisesRegex(command.CommandError, message):
                    self.run_it()
                self.assertRegex(self.reported()[1]["message"], message)

    def test_operators_that_cannot_run_here(self) -> None:
        """No command, another executor, a manifest outside, an archive that is another."""
        argv = {"argv": ["true"], "executor": ""}
        plugin = {"name": "@a/b", "revision": 1, "sha256": "0" * 64, "root": ""}
        for answer, message in (
            ({"command": None}, "needs FiftyOne, which is not installed"),
            ({"command": {"argv": ["ok"], "executor": "dummy"}}, "no command"),
            ({"command": argv, "plugin": {**plugin, "root": "../x"}}, "outside"),
            ({"command": argv, "plugin": plugin}, "as it was pinned"),
        ):
            with self.subTest(message=message):
                self.api.claimed.clear()
                self.api.reported = None
                self.api.answer = answer
                with self.assertRaisesRegex(command.CommandError, message):
                    self.run_it()
                self.assertEqual("fail", self.reported()[0])

    def test_fiftyone_may_be_in_another_python(self) -> None:
        """The one that is named runs the runtime for the plugin's folder, and starts elsewhere."""
        python = Path(self.folder, "python")
        python.write_text('#!/bin/sh\nprintf \'"%s %s %s"\' "$PWD" "$1 $2 $3 $4" "$(ls "$5")" > "$SIGNALBOX_RESULT"\n')
        python.chmod(0o700)
        self.api.command({"fiftyone.yml": "name: x"}, [])
        self.api.answer["command"] = None
        self.run_it(python=str(python))
        said = {"result": "/ -m signalbox.fiftyone run --folder fiftyone.yml"}
        self.assertEqual(("complete", said), self.reported())

    def test_fiftyone_must_report(self) -> None:
        """An operator may end its process before it has done its work."""
        python = Path(self.folder, "python")
        python.write_text("#!/bin/sh\n")
        python.chmod(0o700)
        self.api.command({"fiftyone.yml": "name: x"}, [])
        self.api.answer["command"] = None
        with self.assertRaisesRegex(command.CommandError, "before the operator had"):
            self.run_it(python=str(python))
        self.assertEqual("fail", self.reported()[0])

    def test_a_stop_ends_the_group(self) -> None:
        """Also a child that has left it; the run is not reported as failed."""
        self.shell("(setsid sleep 600 & echo pid $!) ; sleep 601 & wait")
        began = threading.Event()
        seen: List[str] = []

        def echo(line: str) -> None:
            seen.append(line)
            began.set()

        def stop() -> None:
            began.wait(20)
            self.api.stop = True

        stopper = threading.Thread(target=stop)
        stopper.start()
        with self.assertRaises(signalbox.Stopped):
            command.run(self.claim(logs=False), echo=echo, folder=self.folder)
        stopper.join()
        self.assertIsNone(self.api.reported)
        self.assertFalse(alive(int(seen[0].split()[-1])))

    def test_who_ignores_sigterm_is_killed(self) -> None:
        """After the grace."""
        self.shell("trap '' TERM; echo ready; while true; do sleep 0.05; done")
        with self.assertRaises(signalbox.Stopped):
            command.run(self.claim(logs=False), echo=lambda _: setattr(self.api, "stop", True), grace=0.2)

    def test_what_the_leader_leaves_behind_is_ended(self) -> None:
        """The run ends when all is gone."""
        self.shell("sleep 600 & echo pid $!")
        seen = self.run_it()
        self.assertFalse(alive(int(seen[0].split()[-1])))

    @unittest.skipUnless(hasattr(os, "pidfd_open"), "this system does not tell when a process of another has ended")
    def test_a_killed_task_takes_its_process_along(self) -> None:
        """The shim sees to it, and to the folder."""
        script = (
            "import os, signal, sys\nfrom signalbox import command\nimport signalbox\n"
            f"t = signalbox.claim('R', 1, url={self.api.url!r}, key='sbo_the-orchestrators-key', logs=False)\n"
            f"command.run(t, folder={self.folder!r}, echo=lambda line: (print(line, flush=True)))\n"
        )
        self.shell("echo pid $$; sleep 600")
        root = str(Path(__file__).resolve().parent.parent)
        env = {**os.environ, "PYTHONPATH": root}
        with subprocess.Popen([sys.executable, "-c", script], env=env, stdout=subprocess.PIPE, text=True) as p:
            assert p.stdout is not None
            pid = int(p.stdout.readline().split()[-1])
            shim = os.pidfd_open(parent(pid))
            p.kill()
        self.assertTrue(select.select([shim], [], [], 20)[0])
        os.close(shim)
        self.assertFalse(alive(pid))
        self.assertEqual([], os.listdir(self.folder))

    def test_a_killed_shim_takes_its_process_along(self) -> None:
        """And what that has started in its group."""
        self.shell("sleep 600 & echo pids $$ $!; wait")
        seen: List[str] = []
        began = threading.Event()

        def kill(line: str) -> None:
            seen.append(line)
            began.wait(20)
            os.kill(parent(int(line.split()[-2])), 9)

        with self.assertRaisesRegex(command.CommandError, "shim was killed"):
            command.run(self.claim(logs=False), echo=kill, folder=self.folder, started=lambda _: began.set())
        self.assertEqual([False, False], [alive(int(pid)) for pid in seen[0].split()[-2:]])

    def test_a_task_that_airflow_ends(self) -> None:
        """The failure says who ended it."""
        self.shell("echo ready; sleep 600")
        with self.assertRaisesRegex(command.CommandError, "^somebody did: killed by signal: terminated$"):
            self.run_it(started=lambda process: process.stop("somebody did"))

    def test_a_run_that_is_over_starts_nothing(self) -> None:
        """No folder, no process."""
        self.shell("echo no")
        self.api.state = "over"
        self.assertRaises(signalbox.Over, self.run_it)
        self.assertNotIn("plugin", self.api.calls)
        self.assertEqual([], os.listdir(self.folder))

    def test_a_secret_that_does_not_exist_is_told(self) -> None:
        """And the operator goes on."""
        self.shell("echo on", missing_secrets=["NOBODY"])
        self.run_it()
        self.assertIn("WARNING [signalbox] The secret NOBODY does not exist", self.api.log())


class ArchiveTest(unittest.TestCase):
    """Archives are somebody else's input."""

    def unpacked(self, body: bytes) -> Dict[str, int]:
        """Unpack, and list the files with their modes."""
        with tempfile.TemporaryDirectory() as folder:
            packed = Path(folder, "a.zip")
            packed.write_bytes(body)
            unpack(str(packed), str(Path(folder, "out")))
            out = Path(folder, "out")
            return {str(p.relative_to(out)): stat.S_IMODE(p.stat().st_mode) for p in out.rglob("*") if p.is_file()}

    def test_files_and_folders(self) -> None:
        """With the bit to execute."""
        old = os.umask(0o022)
        self.addCleanup(os.umask, old)
        self.assertEqual({"a/b.sh": 0o755, "c": 0o644}, self.unpacked(archive({"a/b.sh": "x", "c": ""}, ("a/b.sh",))))

    def test_what_is_not_allowed(self) -> None:
        """Ways out, links, doubles, bombs, and what is no archive."""
        for name in ("../x", "/x", "a/../../x", "C:x", "a\\x", "a\x01", ".."):
            with self.subTest(name=name), self.assertRaises(ArchiveError):
                self.unpacked(archive({name: "x"}))
        for files in ({"a": "x", "./a": "y"}, {"a": "x", "a/b": "y"}, {"bomb": "0" * (3 << 20)}):
            with self.subTest(files=list(files)), self.assertRaises(ArchiveError):
                self.unpacked(archive(files))
        for body in (b"", b"no archive", archive({"a": "x" * 100})[:-30]):
            with self.assertRaises(ArchiveError):
                self.unpacked(body)

    def test_links(self) -> None:
        """Not even inside."""
        with tempfile.TemporaryFile() as f:
            with zipfile.ZipFile(f, "w") as z:
                info = zipfile.ZipInfo("link")
                info.external_attr = 0o120777 << 16
                z.writestr(info, "/etc/passwd")
            f.seek(0)
            body = f.read()
        with self.assertRaisesRegex(ArchiveError, "link"):
            self.unpacked(body)

    def test_a_file_that_is_not_what_it_says(self) -> None:
        """Bytes that were changed."""
        body = bytearray(archive({"a": json.dumps(list(range(500)))}))
        body[60] ^= 0xFF
        with self.assertRaises(ArchiveError):
            self.unpacked(bytes(body))


def parent(pid: int) -> int:
    """Give the process that started another."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def alive(pid: int) -> bool:
    """Tell whether a process runs."""
    try:
        return b") Z" not in Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
