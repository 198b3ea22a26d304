"""A real FiftyOne with a real MongoDB, for tests: the Python that SIGNALBOX_TEST_FIFTYONE names has both."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional

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


def run(home: str, context: Dict[str, Any], env: Dict[str, str], folder: Path) -> subprocess.Popen[str]:
    """Start the runtime for what a context says, as a worker does."""
    path = Path(home, "context.json")
    path.write_text(json.dumps(context))
    return start(home, ["run"], {"SIGNALBOX_CONTEXT": str(path), **env}, folder)


def start(home: str, args: List[str], env: Optional[Dict[str, str]], folder: Path) -> subprocess.Popen[str]:
    """Start a command of the runtime in a plugin's folder."""
    return subprocess.Popen(
        [PYTHON, "-m", "signalbox.fiftyone", *args],
        cwd=folder,
        env={**surroundings(home), "PYTHONPATH": str(PACKAGE), **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port
