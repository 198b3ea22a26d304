"""What a real FiftyOne makes of plugins' folders: what they ask for, what can be loaded, what would not work."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import real  # noqa: E402

_CODE = """
import fiftyone.operators as foo
from fiftyone.operators import types

print("plugins print what they like")

class Tries(foo.Operator):
    @property
    def config(self):
        return foo.OperatorConfig(name=type(self).__name__.lower(), allow_delegated_execution=True)

class Fine(Tries):
    def execute(self, ctx):
        yield ctx.ops.notify("hello")

class Wants(Tries):
    def resolve_input(self, ctx):
        return types.Property(types.Object()) if ctx.dataset.count() else None
    def execute(self, ctx):
        pass

class Breaks(Tries):
    def resolve_input(self, ctx):
        raise KeyError("a typing error")
    def execute(self, ctx):
        pass

class Shows(Tries):
    @property
    def config(self):
        return foo.OperatorConfig(name="shows")
    def execute(self, ctx):
        ctx.ops.notify("hello")

def register(p):
    for operator in (Fine, Wants, Breaks, Shows):
        p.register(operator)
    import not_installed
"""

_ASKED = """
import json, sys, pathlib
from signalbox.fiftyone import environment
from signalbox.fiftyone.operators import unmet
environment.load()
environment.serve(pathlib.Path.cwd())
said = []
for asked in json.loads(sys.argv[1]):
    pathlib.Path("fiftyone.yml").write_text("name: '@t/asks'\\n" + asked)
    said.append(unmet())
print(json.dumps(said))
"""


@unittest.skipUnless(real.PYTHON, "there is no FiftyOne here: SIGNALBOX_TEST_FIFTYONE names the Python that has it")
class EnvironmentTest(unittest.TestCase):
    """Each test has a folder of its own."""

    def setUp(self) -> None:
        """Make it."""
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.home = Path(home.name)
        self.folder = self.home / "plugin"
        self.folder.mkdir()

    def told(self, process: Any) -> Any:
        """Read what a process tells as JSON."""
        out, err = process.communicate(timeout=60)
        self.assertEqual(0, process.returncode, err)
        self.err = err
        return json.loads(out)

    def test_what_does_not_work_is_told(self) -> None:
        """Operator by operator, whatever the plugin prints."""
        Path(self.folder, "__init__.py").write_text(_CODE)
        Path(self.folder, "fiftyone.yml").write_text("name: '@t/tries'\noperators: [fine, wants, breaks, shows]\n")
        told = self.told(real.start(str(self.home), ["test"], None, self.folder))
        self.assertIn("plugins print what they like", self.err)
        self.assertEqual(["fine", "wants", "breaks", "shows"], [o["name"] for o in told["operators"]])
        self.assertIn("No module named 'not_installed'", told["errors"][0])
        found = [(r["operator"], r["problem"], r["message"], bool(r["stack"])) for r in told["remarks"]]
        self.assertEqual(4, len(found), found)
        for (name, problem, words, stack), one in zip(
            (
                ("wants", False, "cannot be resolved without a dataset", False),
                ("breaks", True, "KeyError: 'a typing error'", True),
                ("shows", False, "not meant to be delegated", False),
                ("shows", False, "speaks to an App (ctx.ops)", False),
            ),
            found,
        ):
            self.assertEqual((name, problem, stack), (one[0], one[1], one[3]))
            self.assertIn(words, one[2])

    def met(self, code: str, manifest: str = "") -> Any:
        """Have the plugin met as a worker does, without a database."""
        Path(self.folder, "__init__.py").write_text(code)
        Path(self.folder, "fiftyone.yml").write_text(
            "name: '@t/met'\noperators: [fine, wants, breaks, shows]\n" + manifest
        )
        result = self.home / "result.json"
        process = real.start(
            str(self.home),
            ["meet"],
            {"SIGNALBOX_RESULT": str(result), "FIFTYONE_DATABASE_URI": "mongodb://127.0.0.1:1"},
            self.folder,
        )
        _, self.err = process.communicate(timeout=60)
        self.assertEqual(0, process.returncode, self.err)
        return json.loads(result.read_text())["environment"]

    def test_a_worker_reads_what_is_offered(self) -> None:
        """What could be loaded, what could not, and that this FiftyOne is none that is asked for."""
        met = self.met(_CODE)
        self.assertEqual(["fine", "wants", "breaks", "shows"], [o["name"] for o in met["operators"]])
        self.assertIn("No module named 'not_installed'", met["errors"][0])
        self.assertEqual(("1.22.1", ""), (met["fiftyone"], met["unmet"]))
        met = self.met("import fiftyone as fo\nfo.list_datasets()\n")
        self.assertIn("asks a FiftyOne database while it is loaded", met["errors"][0])
        met = self.met("raise SystemExit('it is not even tried')", "fiftyone:\n  version: '>=2.0'\n")
        self.assertIn("asks for fiftyone>=2.0", met["unmet"])
        self.assertEqual([], met["errors"])

    def test_what_fiftyone_itself_brings(self) -> None:
        """A folder with the name of one of FiftyOne's own plugins offers its operators."""
        examples = Path(__file__).resolve().parents[4] / "examples" / "plugins"
        for folder, operator in (
            ("fiftyone-operators", "clone_sample_field"),
            ("fiftyone-panels", "similarity_search"),
        ):
            told = self.told(real.start(str(self.home), ["list"], None, examples / folder))
            self.assertIn(operator, [o["name"] for o in told["operators"]])
        Path(self.folder, "__init__.py").write_text("def register(p):\n    pass\n")
        Path(self.folder, "fiftyone.yml").write_text("name: '@t/none'\n")
        self.assertEqual([], self.told(real.start(str(self.home), ["list"], None, self.folder))["operators"])

    def test_the_version_that_a_plugin_asks_for(self) -> None:
        """By FiftyOne's own rules: what it cannot read is no constraint."""
        rows = {
            "": "",
            "fiftyone:\n": "",
            "fiftyone:\n  version: '*'\n": "",
            "fiftyone:\n  version: '>=1.19,<2'\n": "",
            "fiftyone:\n  version: '==1.22.*'\n": "",
            "fiftyone:\n  version: fiftyone>=0.23.0rc1\n": "",
            "fiftyone:\n  version: 1.0\n": "",
            "fiftyone:\n  version: '~0.21.0'\n": "",
            "fiftyone:\n  version: '^1.0'\n": "",
            "fiftyone:\n  version: '>=2.0'\n": "asks for fiftyone>=2.0, and this is FiftyOne 1.22.1",
            "fiftyone:\n  version: '==1.2.*'\n": "asks for fiftyone==1.2.*, and this is",
        }
        process = subprocess.Popen(
            [real.PYTHON, "-c", _ASKED, json.dumps(list(rows))],
            cwd=self.folder,
            env={**real.surroundings(str(self.home)), "PYTHONPATH": str(real.PACKAGE)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for (asked, words), said in zip(rows.items(), self.told(process)):
            self.assertEqual(bool(words), bool(said), (asked, said))
            self.assertIn(words, said, asked)


if __name__ == "__main__":
    unittest.main()
