"""Forms of operators in a real FiftyOne, each by a process as a worker starts it."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import real  # noqa: E402

FORMS = Path(__file__).resolve().parents[2] / "testdata" / "forms"

_BIRDS = """
import fiftyone as fo, json
dataset = fo.Dataset("birds", persistent=True)
dataset.add_samples([fo.Sample(filepath=f"/{i}.png", tags=["odd"] if i % 2 else ["even"]) for i in range(6)])
stages = dataset.match_tags("odd")._serialize()
print(json.dumps({"id": str(dataset._doc.id), "view": stages, "ids": [str(i) for i in dataset.values("id")]}))
"""


@unittest.skipUnless(real.PYTHON, "there is no FiftyOne here: SIGNALBOX_TEST_FIFTYONE names the Python that has it")
class FormsTest(unittest.TestCase):
    """Each test asks operators of the plugin ``forms``; all share a database with a dataset of six samples."""

    @classmethod
    def setUpClass(cls) -> None:
        """Start the database."""
        cls.database = real.Database()
        cls.addClassCleanup(cls.database.close)
        cls.birds: Dict[str, Any] = cls.database.script(_BIRDS)

    def setUp(self) -> None:
        """Give each test a folder."""
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.home = home.name

    def ask(self, operator: str, params: Any = None, env: Optional[Dict[str, str]] = None, **more: Any) -> Any:
        """Ask an operator for its form; ``more`` is what its context holds beside its params."""
        folder = more.pop("folder", FORMS)
        asked = {"operator": f"@tests/forms/{operator}", "params": params or {}, "dataset": None, "view": None, **more}
        context, result = Path(self.home, "context.json"), Path(self.home, "result.json")
        context.write_text(json.dumps(asked))
        files = {"SIGNALBOX_CONTEXT": str(context), "SIGNALBOX_RESULT": str(result)}
        uri = {"FIFTYONE_DATABASE_URI": self.database.uri}
        process = real.start(self.home, ["form"], {**files, **uri, **(env or {})}, folder)
        _, self.err = process.communicate(timeout=60)
        self.status = process.returncode
        return json.loads(result.read_text()) if result.exists() else None

    def of_birds(self, **request: Any) -> Dict[str, Any]:
        """Give the context of a question about the dataset, found by its id."""
        named = {"id": "D", "name": "an old name"}
        return {"dataset": named, "fiftyone": {"dataset_id": self.birds["id"], "request": request}}

    def test_every_type_and_view(self) -> None:
        """Each field has its schema, in the order of the form; what has none is told."""
        said = self.ask("everything", {"boxes": [{"width": 2}, {"width": 0}], "refused": "x"}, **self.of_birds())
        self.assertIsNone((said or {}).get("failure", self.err if said is None else None))
        fields: Dict[str, Any] = said["schema"]["properties"]
        self.assertEqual(list(said["inputs"]["type"]["properties"]), list(fields))
        self.assertEqual([*fields, "*"], said["hints"]["ui:order"])
        picked = [{"const": "a", "title": "First", "description": "the first"}, {"const": "b", "title": "Second"}]
        box = {"type": "object", "properties": {"width": {"type": "integer", "minimum": 1}}, "required": ["width"]}
        for name, schema in (
            ("flag", {"type": "boolean", "default": True}),
            ("count", {"type": "integer", "minimum": 1, "maximum": 9}),
            ("share", {"type": "number", "minimum": 0, "maximum": 1}),
            ("radiogroup", {"oneOf": picked}),
            ("dropdown", {"oneOf": picked}),
            ("tabsview", {"oneOf": picked}),
            ("tags", {"type": "array", "items": {"type": "string"}, "minItems": 1}),
            ("several", {"type": "array", "items": {"type": "string", "oneOf": picked}, "uniqueItems": True}),
            ("boxes", {"type": "array", "items": box}),
            ("nested", {**box, "title": "Nested"}),
            ("either", {"oneOf": [{"type": "string"}, {"type": "number"}]}),
            ("map", {"type": "object", "additionalProperties": {"type": "number"}}),
        ):
            with self.subTest(name=name):
                self.assertEqual(schema, fields[name])
        self.assertEqual(
            ["Button", "DashboardView", "MediaPlayerView"], [u.rpartition(" ")[2] for u in said["unmapped"]]
        )
        wrong = {e["path"]: e["message"] for e in said["errors"]}
        self.assertEqual("Not this one", wrong["refused"])
        self.assertEqual("Required property", wrong["text"])
        self.assertIn("greater than", wrong["boxes[1].width"])

    def test_no_type_or_view_is_unknown(self) -> None:
        """Whatever class FiftyOne has for one: it has its field, and what a form cannot show is told by name."""
        said = self.ask("every_view", env={"FIFTYONE_DATABASE_URI": ""})
        self.assertGreaterEqual(len(said["schema"]["properties"]), 72)
        self.assertEqual(list(said["inputs"]["type"]["properties"]), list(said["schema"]["properties"]))
        self.assertEqual([], [name for name, field in said["schema"]["properties"].items() if not field])
        buttons = "Button ButtonView IconButtonView ModalView OperatorExecutionButtonView"
        players = "MediaPlayerView FrameLoaderView TimelineView TimerView ArrowNavView DashboardView"
        others = "ComponentView DateTimeView LoaderView ToastView TreeSelectionView"
        told = {path.partition(": ")[0] for path in said["unmapped"]}
        self.assertEqual({*buttons.split(), *players.split(), *others.split()}, told)
        for name in told:
            self.assertEqual("json", said["hints"][name]["ui:widget"], name)
        said = self.ask("every_type", env={"FIFTYONE_DATABASE_URI": ""})
        self.assertGreaterEqual(len(said["schema"]["properties"]), 13)
        self.assertEqual(["Tree: Tree"], said["unmapped"])

    def test_a_form_that_depends_on_params_and_data(self) -> None:
        """It is asked again with what was chosen."""
        first = self.ask("dynamic", **self.of_birds())
        self.assertTrue(first["dynamic"], self.err)
        self.assertNotIn("tag", first["schema"]["properties"])
        self.assertIn("tags", first["schema"]["properties"]["field"]["enum"])
        then = self.ask("dynamic", {"field": "tags"}, view=self.birds["view"], **self.of_birds())
        self.assertEqual(["odd"], then["schema"]["properties"]["tag"]["enum"])
        self.assertEqual([{"path": "tag", "message": "Required property"}], then["errors"])

    def test_view_and_selection(self) -> None:
        """They arrive as an App sends them; so do the options that come of them."""
        label = {
            "label_id": self.birds["ids"][0],
            "sample_id": self.birds["ids"][0],
            "field": "f",
            "frame_number": None,
        }
        more = self.of_birds(selected=self.birds["ids"][:2], selected_labels=[label])
        said = self.ask("chosen", view=self.birds["view"], **more)
        counts = {name: one["default"] for name, one in said["schema"]["properties"].items()}
        self.assertEqual({"selected": 2, "labels": 1, "view": 3}, counts)
        self.assertEqual((True, "chosen on birds"), (said["delegate"], said["label"]))
        self.assertFalse(said["options"]["allow_immediate_execution"])

    def test_an_operator_without_inputs(self) -> None:
        """It has no schema, and nothing is wrong."""
        said = self.ask("plain", env={"FIFTYONE_DATABASE_URI": ""})
        self.assertIsNone(said["schema"])
        self.assertEqual(([], "plain"), (said["errors"], said["label"]))

    def test_failures_say_why(self) -> None:
        """Each in its own words; what is printed is no part of a form."""
        source = {"dataset": {"id": "D", "name": "birds"}, "fiftyone": {"dataset_id": self.birds["id"]}}
        away = {"FIFTYONE_DATABASE_URI": ""}
        for operator, env, more, words, stack in (
            ("input_breaks", {}, {}, "KeyError: 'label'", 'raise KeyError("label")'),
            ("undescribed", {}, {}, "AttributeError: 'list' object has no attribute 'to_json'", "to_json"),
            ("nobody", {}, {}, "Operator '@tests/forms/nobody' does not exist", ""),
            ("plain", away, source, "The source of the dataset does not let its address go here", ""),
        ):
            with self.subTest(words=words):
                failure = self.ask(operator, env=env, **more)["failure"]
                self.assertIn(words, failure["message"])
                self.assertIn(stack, failure["stack"])
        self.assertIn("KeyError: 'options'", self.ask("options_break")["warning"])
        self.assertEqual({}, self.ask("prints")["schema"]["properties"])
        Path(self.home, "result.json").unlink()
        self.assertIsNone(self.ask("dies"))
        self.assertEqual(3, self.status)
        self.assertIn("last words", self.err)

    def test_a_fiftyone_that_the_plugin_does_not_want(self) -> None:
        """Its operators are not asked, as they are not run."""
        folder = Path(self.home, "plugin")
        shutil.copytree(FORMS, folder)
        with Path(folder, "fiftyone.yml").open("a") as manifest:
            manifest.write("fiftyone: {version: '>=2.0'}\n")
        failure = self.ask("plain", folder=folder)["failure"]
        self.assertIn("Plugin @tests/forms asks for fiftyone>=2.0, and this is FiftyOne", failure["message"])

    def test_secrets_of_the_manifest_only(self) -> None:
        """Others are not readable, though they are there."""
        said = self.ask("secret", env={"TESTS_TOKEN": "x", "OTHER_TOKEN": "y"})
        self.assertEqual([True, False], [one["default"] for one in said["schema"]["properties"].values()])


if __name__ == "__main__":
    unittest.main()
