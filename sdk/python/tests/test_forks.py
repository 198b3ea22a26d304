"""What must not be forked."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signalbox.fiftyone import forks  # noqa: E402


class UnforkableTest(unittest.TestCase):
    """Each is told in words."""

    def open_files(self, *names: str) -> Path:
        """Make a folder of links as the system shows the files that a process has open."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for number, name in enumerate(names):
            os.symlink(name, os.path.join(folder.name, str(number)))
        return Path(folder.name)

    def test_a_process_with_one_thread_may_be_forked(self) -> None:
        """Also with files that are none of a GPU."""
        self.assertEqual("", forks.unforkable(self.open_files("/dev/null", "socket:[7]")))

    def test_threads(self) -> None:
        """A forked process would miss them."""
        go_on = threading.Event()
        thread = threading.Thread(target=go_on.wait)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(go_on.set)
        self.assertEqual("what was imported has started threads", forks.unforkable())

    def test_a_gpu(self) -> None:
        """CUDA does not work in a forked process."""
        files = self.open_files("/dev/null", "/dev/nvidiactl")
        self.assertEqual("what was imported has opened a GPU", forks.unforkable(files))


if __name__ == "__main__":
    unittest.main()
