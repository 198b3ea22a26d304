"""Operators of every kind in a real FiftyOne, against a work API that is a real HTTP server in this process."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import real  # noqa: E402
from fake_work import KEY, WorkAPI  # noqa: E402

import signalbox  # noqa: E402

KINDS = Path(__file__).resolve().parents[2] / "testdata" / "kinds"

_BIRDS = """
import fiftyone as fo, json
dataset = fo.Dataset("birds", persistent=True)
dataset.add_samples([fo.Sample(filepath=f"/{i}.png", tags=["odd"] if i % 2 else []) for i in range(6)])
stages = dataset.match_tags("odd")._serialize()
print(json.dumps({"id": str(dataset._doc.id), "view": stages, "ids": [str(i) for i in dataset.values("id")]}))
"""


@unittest.skipUnless(real.PYTHON, "there is no FiftyOne here: SIGNALBOX_TEST_FIFTYONE names the Python that has it")
class RuntimeTest(unittest.TestCase):
    """Each test runs operators of the plugin ``kinds``; all share a database with a dataset of six samples."""

    @classmethod
    def setUpClass(cls) -> None:
        """Start the database."""
        cls.database = real.Database()
        cls.addClassCleanup(cls.database.close)
        cls.birds: Dict[str, Any] = cls.database.script(_BIRDS)

    def setUp(self) -> None:
        """Give each test a work API of its own, with a run that is claimed."""
        self.api = WorkAPI()
        self.addCleanup(self.api.close)
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.home = home.name
        self.token = signalbox.claim("R", 1, url=self.api.url, key=KEY).door.token

    def started(self, operator: str, params: Any = None, env: Optional[Dict[str, str]] = None, **more: Any) -> Any:
        """Start an operator; ``more`` is what its context holds beside its params."""
        asked = {"operator": f"@tests/kinds/{operator}", "params": params or {}, "dataset": None, "view": None}
        context = real.context(self.home, {**asked, "run": "R", "attempt": 1, **more})
        said = {"SIGNALBOX_URL": self.api.url, "SIGNALBOX_RUN_ID": "R", "SIGNALBOX_TOKEN": self.token}
        said["FIFTYONE_DATABASE_URI"] = self.database.uri
        return self.start({**context, **said, **(env or {})})

    def start(self, env: Dict[str, str]) -> Any:
        """Start the process that runs an operator."""
        return real.start(self.home, ["run"], env, KINDS)

    def run_it(self, operator: str, params: Any = None, **more: Any) -> Any:
        """Run an operator; give the body of its report. Its output is kept as ``out`` and ``err``."""
        process = self.started(operator, params, **more)
        self.out, self.err = process.communicate(timeout=60)
        assert self.api.reported is not None, (operator, self.err)
        _, kind, body = self.api.reported
        self.assertEqual({"complete": 0, "fail": 1}[kind], process.returncode, self.err)
        self.kind = kind
        return body

    def test_an_operator_runs(self) -> None:
        """Its result, the schema of its output, its progress, what it prints and logs."""
        said = self.run_it("plain", {"name": "Ana"})
        self.assertEqual({"greeting": "Hello Ana", "delegated": True, "dataset": None}, said["result"])
        self.assertEqual("Greeting", said["outputs_schema"]["type"]["properties"]["greeting"]["view"]["label"])
        self.assertEqual([{"fraction": 0.5, "label": "half way"}], self.api.bodies["progress"])
        self.assertEqual("a printed line\n", self.out)
        self.assertRegex(self.err, r"Z INFO a logged line\n\S+Z WARNING a warning\n")

    def test_every_kind(self) -> None:
        """Coroutines, generators of both kinds, and pipelines, whose stages run in order."""
        self.assertEqual({"n": 1}, self.run_it("coroutine")["result"])
        self.api.reported = None
        self.assertIsNone(self.run_it("generator")["result"])
        self.assertIn("step 2", str(self.api.bodies["progress"]))
        self.assertIn("INFO step 1 is done", self.err)
        self.api.reported = None
        self.assertIsNone(self.run_it("async_generator")["result"])
        self.api.reported = None
        self.assertIsNone(self.run_it("pipeline")["result"])
        self.assertEqual("a printed line\n" * 2, self.out)

    def test_a_stage_that_fails(self) -> None:
        """It fails the pipeline; a stage that always runs still does."""
        said = self.run_it("pipeline", {"second": "boom"})
        self.assertEqual("fail", self.kind)
        self.assertIn("Stage 2 of 3 (@tests/kinds/boom) failed: KeyError: 'label'", said["message"])
        self.assertIn("KeyError: 'label'", said["stack"])
        self.assertEqual("a printed line\n" * 2, self.out)

    def test_stages_that_an_app_has_resolved(self) -> None:
        """They run as they were queued, whatever would be resolved now; older versions wrote a bare list."""
        stages = [{"operator_uri": "@tests/kinds/plain", "params": {"name": "B"}, "of_another_version": 1}]
        for operator, pipeline in (("pipeline", {"stages": stages}), ("boom", stages)):
            with self.subTest(operator=operator):
                self.api.reported = None
                self.assertIsNone(self.run_it(operator, fiftyone={"pipeline": pipeline})["result"])
                self.assertEqual("a printed line\n", self.out)

    def test_failures_say_why(self) -> None:
        """Each kind in its own words."""
        for operator, params, words, stack in (
            ("boom", {}, "KeyError: 'label'", 'raise KeyError("label")'),
            ("plain", {}, "Validation error. Path: name. Reason: Required property", ""),
            ("plain", {"name": "A", "n": 11}, "Validation error. Path: n. Reason: Value must be", ""),
            ("nobody", {}, "Operator '@tests/kinds/nobody' does not exist", ""),
            ("unencodable", {}, "The result cannot be kept: cannot encode object", "Traceback"),
            ("huge", {}, "The result cannot be kept: it has 178", ""),
        ):
            with self.subTest(operator=operator, params=params):
                self.api.reported = None
                said = self.run_it(operator, params)
                self.assertEqual("fail", self.kind)
                self.assertIn(words, said["message"])
                self.assertIn(stack, said["stack"])

    def test_a_schema_that_breaks_fails_nothing(self) -> None:
        """The run completes without one, and the log says why; numbers that are none arrive as extended JSON."""
        said = self.run_it("schema_breaks")
        self.assertEqual({"n": {"$numberDouble": "NaN"}}, said["result"])
        self.assertNotIn("outputs_schema", said)
        self.assertIn("RuntimeError: no schema", self.err)

    def test_secrets_of_the_manifest_only(self) -> None:
        """Others are not readable, though they are there."""
        said = self.run_it("secret", env={"TESTS_TOKEN": "x", "OTHER_TOKEN": "y"})
        self.assertEqual({"known": True, "other": None}, said["result"])

    def test_dataset_view_and_selection(self) -> None:
        """All that an App sends along arrives; the dataset is found by its id when its name is an old one."""
        ids = self.birds["ids"][:2]
        request = {"selected": ids, "active_fields": ["tags"], "unheard_of": {"a": [1]}}
        source = {"dataset_id": self.birds["id"], "request": request}
        named = {"dataset": {"id": "D", "name": "an old name"}, "view": self.birds["view"]}
        said = self.run_it("selection", **named, fiftyone=source)["result"]
        self.assertEqual(
            {"selected": ids, "fields": ["tags"], "view": 3, "more": {"a": [1]}, "custom": True}, said, self.err
        )

    def test_a_dataset_is_changed(self) -> None:
        """By samples and by its store."""
        named = {"dataset": {"id": "D", "name": "birds"}}
        said = self.run_it("tags", **named)["result"]
        self.assertEqual({"tagged": {"odd": 3, "seen": 6}, "stored": {"count": 6}}, {**said, "stored": {"count": 6}})

    def test_a_stop_ends_it_at_once(self) -> None:
        """Operators run in threads, which no exception reaches."""
        process = self.started("slow")
        assert process.stdout is not None
        self.assertEqual("it goes on\n", process.stdout.readline())
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=10)
        self.assertEqual(128 + signal.SIGTERM, process.returncode)
        self.assertIsNone(self.api.reported)

    def test_without_a_database(self) -> None:
        """What needs none runs; what needs one says so, and is given none of its own."""
        self.assertEqual({"n": 1}, self.run_it("coroutine", env={"FIFTYONE_DATABASE_URI": ""})["result"])
        self.api.reported = None
        said = self.run_it("tags", env={"FIFTYONE_DATABASE_URI": ""}, dataset={"id": "D", "name": "birds"})
        self.assertEqual("fail", self.kind)
        self.assertIn("This run has no FiftyOne database", said["message"])

    def test_a_database_is_left_as_it_is(self) -> None:
        """No process migrates it, starts one of its own, or tells others that it is used."""
        kept = ("FIFTYONE_DATABASE_ADMIN", "FIFTYONE_DISABLE_SERVICES", "FIFTYONE_DO_NOT_TRACK")
        said = self.run_it("environment", {"names": kept})
        self.assertEqual(dict(zip(kept, ("false", "1", "1"))), said["result"])

    def test_what_the_environment_makes_of_the_plugin_is_told(self) -> None:
        """If it is wanted, and also by a run that fails."""
        self.run_it("coroutine")
        self.assertNotIn("environment", self.api.bodies)
        for operator in ("plain", "nobody"):
            self.api.reported = None
            self.run_it(operator, {"name": "A"}, tell_environment=True)
            said = self.api.bodies["environment"].pop()
            self.assertEqual(("1.22.1", "", []), (said["fiftyone"], said["unmet"], said["errors"]))
            self.assertEqual("plain", next(o["config"]["name"] for o in said["operators"] if o["name"] == "plain"))

    def test_a_plugin_tells_what_it_offers(self) -> None:
        """Operators with their config, and what could not be loaded."""
        process = real.start(self.home, ["list"], None, KINDS)
        out, err = process.communicate(timeout=60)
        self.assertEqual(0, process.returncode, err)
        said = json.loads(out)
        self.assertEqual([], said["errors"])
        self.assertIn("plain", [operator["name"] for operator in said["operators"]])


class ForkedRuntimeTest(RuntimeTest):
    """The same in processes that a server has forked, as workers run operators."""

    @classmethod
    def setUpClass(cls) -> None:
        """Start the server as well."""
        super().setUpClass()
        home = tempfile.TemporaryDirectory()
        cls.addClassCleanup(home.cleanup)
        cls.server = real.Server(home.name)
        cls.addClassCleanup(cls.server.close)

    def start(self, env: Dict[str, str]) -> Any:
        """Have the process forked."""
        return self.server.start(["run"], env, KINDS)


if __name__ == "__main__":
    unittest.main()
