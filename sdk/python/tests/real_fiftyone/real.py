"""A real FiftyOne with a real MongoDB, for tests: the Python that SIGNALBOX_TEST_FIFTYONE names has both."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, List, Optional, TextIO, Tuple

PYTHON = os.environ.get("SIGNALBOX_TEST_FIFTYONE", "")
"""Empty when there is none here: these tests are skipped then."""
PACKAGE = Path(__file__).resolve().parents[2]

_INITIATE = """
import pymongo, sys
port = int(sys.argv[1])
client = pymongo.MongoClient("127.0.0.1", port, directConnection=True)
members = [{"_id": 0, "host": f"127.0.0.1:{port}"}]
client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
pymongo.MongoClient("127.0.0.1", port, replicaSet="rs0").admin.command("ping")
"""


class Database:
    """A MongoDB of its own, with change streams."""

    def __init__(self) -> None:
        """Start it and wait until it takes writes."""
        self.folder = tempfile.mkdtemp()
        self.port = _free_port()
        lib = Path(PYTHON).parent.parent
        mongod = next(lib.glob("lib/python*/site-packages/fiftyone/db/bin/mongod"))
        Path(self.folder, "data").mkdir()
        self.process = subprocess.Popen(
            [
                str(mongod),
                *("--dbpath", os.path.join(self.folder, "data"), "--bind_ip", "127.0.0.1", "--port", str(self.port)),
                *("--replSet", "rs0", "--wiredTigerCacheSizeGB", "0.25", "--nounixsocket"),
                *("--wiredTigerEngineConfigString", "log=(prealloc=false,file_max=8MB)"),
                *("--logpath", os.path.join(self.folder, "log")),
            ],
            stdout=subprocess.DEVNULL,
        )
        self.uri = f"mongodb://127.0.0.1:{self.port}/?replicaSet=rs0"
        subprocess.run([PYTHON, "-c", _INITIATE, str(self.port)], check=True)

    def close(self) -> None:
        """End it and forget what it kept."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)

    def script(self, source: str) -> Any:
        """Run a Python script with FiftyOne in this database; give what it printed last, as JSON."""
        with tempfile.TemporaryDirectory() as home:
            env = {**surroundings(home), "FIFTYONE_DATABASE_URI": self.uri}
            done = subprocess.run([PYTHON, "-c", source], env=env, cwd=home, check=True, capture_output=True, text=True)
        lines = done.stdout.strip().splitlines()
        return json.loads(lines[-1]) if lines else None


def surroundings(home: str) -> Dict[str, str]:
    """Give an environment in which FiftyOne sees nothing of this machine's users."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": home,
        "FIFTYONE_DO_NOT_TRACK": "1",
        "FIFTYONE_DATABASE_VALIDATION": "false",
    }


def context(home: str, said: Dict[str, Any]) -> Dict[str, str]:
    """Write what an operator is asked to do; give the environment that names it."""
    path = Path(home, "context.json")
    path.write_text(json.dumps(said))
    return {"SIGNALBOX_CONTEXT": str(path)}


def start(home: str, args: List[str], env: Optional[Dict[str, str]], folder: Path) -> subprocess.Popen[str]:
    """Start a command of the runtime for a plugin's folder, as a worker does that cannot fork."""
    return subprocess.Popen(
        command(args, folder),
        cwd="/",
        env={**surroundings(home), "PYTHONPATH": str(PACKAGE), **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def command(args: List[str], folder: Path) -> List[str]:
    """Give the command line of the runtime."""
    return [PYTHON, "-m", "signalbox.fiftyone", *args, "--folder", str(folder)]


class Server:
    """A server of forks, which is asked as a worker asks it."""

    def __init__(self, home: str, path: str = "") -> None:
        """Start it and wait until it is ready; ``path`` is searched for modules before all else."""
        self.env = {**surroundings(home), "PYTHONPATH": f"{path}:{PACKAGE}" if path else str(PACKAGE)}
        self._worker, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [PYTHON, "-m", "signalbox.fiftyone", "serve"],
                stdin=theirs,
                stdout=subprocess.PIPE,
                env=self.env,
                cwd="/",
            )
        assert self.process.stdout is not None
        with self.process.stdout as out:
            if out.readline() != b"ready\n":
                raise RuntimeError("the server of forks does not come up")

    def start(self, args: List[str], env: Optional[Dict[str, str]], folder: Path) -> Forked:
        """Have a command of the runtime carried out by a process of the server."""
        order = {"argv": command(args, folder), "dir": "/", "grace": 1e9, "url": "", "run": "", "token": ""}
        pipes = [os.pipe() for _ in range(4)]
        theirs = [pipes[0][0], *(write for _, write in pipes[1:])]
        socket.send_fds(self._worker, [b"x"], theirs)
        for file in theirs:
            os.close(file)
        words = os.fdopen(pipes[0][1], "w")
        said = {**order, "env": [f"{k}={v}" for k, v in {**self.env, **(env or {})}.items()]}
        print(json.dumps(said), file=words, flush=True)
        return Forked(words, *(os.fdopen(read) for read, _ in pipes[1:]))

    def close(self) -> None:
        """End it."""
        self._worker.close()
        self.process.wait(timeout=30)


class Forked:
    """A process of a server, as far as tests use one."""

    def __init__(self, words: TextIO, status: TextIO, stdout: TextIO, stderr: TextIO) -> None:
        """Let it begin."""
        self._words, self._status, self.stdout, self._stderr = words, status, stdout, stderr
        self.pid: int = json.loads(status.readline())["pid"]
        self.returncode: Optional[int] = None
        print("go", file=words, flush=True)

    def communicate(self, timeout: float) -> Tuple[str, str]:
        """Wait for its end; give what it said."""
        with ThreadPoolExecutor(2) as readers, self._words, self._status, self.stdout, self._stderr:
            out, err = readers.submit(self.stdout.read), readers.submit(self._stderr.read)
            said = out.result(timeout), err.result(timeout)
            self.returncode = json.loads(self._status.readline()).get("exit_code")
            print("told", file=self._words, flush=True)
        return said


def _free_port() -> int:
    """Find one that nobody listens on and that no outgoing connection gets: those have 32768 and above."""
    while True:
        port = random.randrange(12000, 20000)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port
