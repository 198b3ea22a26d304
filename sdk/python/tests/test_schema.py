"""Forms made from FiftyOne's descriptions of inputs: one row for each type and view."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from typing import Any, Dict

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from signalbox.fiftyone.schema import form_of  # noqa: E402

TEXT: Dict[str, Any] = {"name": "String", "allow_empty": False}


def described(kind: Dict[str, Any], view: str = "View", **more: Any) -> Dict[str, Any]:
    """Describe a property as FiftyOne does; keys of the view come in ``view_keys``."""
    keys = more.pop("view_keys", {})
    return {"type": kind, "default": None, "required": False, "view": {"name": view, "label": None, **keys}, **more}


def choices(*values: Any) -> Dict[str, Any]:
    """Give the keys of a view that offers values."""
    return {"choices": [{"name": "Choice", "label": str(v).upper(), "value": v} for v in values]}


ROWS = [
    ("a text", described(TEXT), {"type": "string"}, {}),
    ("a text that must be given", described(TEXT, required=True), {"type": "string", "minLength": 1}, {}),
    (
        "one that may be empty",
        described({"name": "String", "allow_empty": True}, required=True),
        {"type": "string"},
        {},
    ),
    (
        "words around a field",
        described(TEXT, default="x", view_keys={"label": "L", "description": "D", "caption": "C", "placeholder": "P"}),
        {"type": "string", "title": "L", "description": "D", "default": "x"},
        {"ui:help": "C", "ui:placeholder": "P"},
    ),
    (
        "one that is only shown",
        described(TEXT, view_keys={"read_only": True}),
        {"type": "string", "readOnly": True},
        {},
    ),
    (
        "a whole number within bounds",
        described({"name": "Number", "int": True, "min": 0, "max": 9}),
        {"type": "integer", "minimum": 0, "maximum": 9},
        {},
    ),
    (
        "any number",
        described({"name": "Number", "float": True}, "SliderView"),
        {"type": "number"},
        {"ui:widget": "range"},
    ),
    ("yes or no", described({"name": "Boolean"}, "SwitchView"), {"type": "boolean"}, {"ui:widget": "switch"}),
    ("one of some values", described({"name": "Enum", "values": ["a", 1]}), {"enum": ["a", 1]}, {}),
    (
        "one of some choices",
        described({"name": "Enum", "values": ["a"]}, "RadioGroup", view_keys=choices("a")),
        {"oneOf": [{"const": "a", "title": "A"}]},
        {"ui:widget": "radio"},
    ),
    (
        "suggestions",
        described(TEXT, "AutocompleteView", view_keys={**choices("a"), "allow_user_input": True}),
        {"type": "string"},
        {"ui:widget": "autocomplete", "ui:free": True, "ui:options": {"choices": [{"const": "a", "title": "A"}]}},
    ),
    (
        "several of some choices",
        described({"name": "List", "element_type": TEXT}, "Dropdown", view_keys={**choices("a"), "multiple": True}),
        {
            "type": "array",
            "items": {"type": "string", "oneOf": [{"const": "a", "title": "A"}]},
            "uniqueItems": True,
        },
        {"ui:widget": "select"},
    ),
    (
        "a list with bounds",
        described({"name": "List", "element_type": TEXT, "min_items": 1, "max_items": 2}),
        {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
        {},
    ),
    (
        "one of several types",
        described({"name": "OneOf", "types": [TEXT, {"name": "Boolean"}]}),
        {"oneOf": [{"type": "string"}, {"type": "boolean"}]},
        {},
    ),
    (
        "a tuple",
        described({"name": "Tuple", "items": [TEXT, {"name": "Boolean"}]}),
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}], "items": False, "minItems": 2},
        {},
    ),
    (
        "a map",
        described({"name": "Map", "key_type": TEXT, "value_type": {"name": "Number"}}),
        {"type": "object", "additionalProperties": {"type": "number"}},
        {},
    ),
    (
        "a file or folder there",
        described({"name": "File"}, "FileExplorerView", view_keys={"choose_dir": True}),
        {"type": "object", "properties": {"absolute_path": {"type": "string"}}},
        {"ui:widget": "path", "ui:folder": True},
    ),
    (
        "words without a field",
        described({"name": "Void"}, "Warning", view_keys={"label": "Careful"}),
        {"type": "null", "title": "Careful"},
        {"ui:widget": "notice", "ui:severity": "warning"},
    ),
    ("a field that nobody sees", described(TEXT, "HiddenView"), {"type": "string"}, {"ui:widget": "hidden"}),
    (
        "what the author calls wrong",
        described(TEXT, invalid=True, error_message="no such place"),
        {"type": "string"},
        {"ui:error": "no such place"},
    ),
]


class SchemaTest(unittest.TestCase):
    """From types and views to a schema with hints."""

    def test_every_type_and_view(self) -> None:
        """As in the table."""
        for name, row, schema, hints in ROWS:
            with self.subTest(name):
                form = form_of(row)
                self.assertEqual((schema, hints, []), (form.schema, form.hints, form.unmapped))

    def test_the_order_of_fields_is_kept(self) -> None:
        """Also inside of others, and what must be given is listed."""
        inner = described({"name": "Object", "properties": {"z": described(TEXT), "a": described(TEXT, required=True)}})
        form = form_of(described({"name": "Object", "properties": {"y": inner, "b": described(TEXT)}}))
        self.assertEqual(["y", "b"], list(form.schema["properties"]))
        self.assertEqual(["y", "b", "*"], form.hints["ui:order"])
        self.assertEqual(["z", "a", "*"], form.hints["y"]["ui:order"])
        self.assertEqual(["a"], form.schema["properties"]["y"]["required"])

    def test_what_has_no_counterpart(self) -> None:
        """It becomes a field for JSON, or is left out when it is no field; both are told."""
        fields = {
            "tree": described({"name": "Tree", "items": []}),
            "press": described({"name": "Void"}, "ButtonView"),
            "odd": described(TEXT, "DashboardView"),
        }
        form = form_of(described({"name": "Object", "properties": fields}))
        self.assertEqual(["tree: Tree", "press: ButtonView", "odd: DashboardView"], form.unmapped)
        self.assertEqual("json", form.hints["tree"]["ui:widget"])
        self.assertEqual("hidden", form.hints["press"]["ui:widget"])
        self.assertEqual("json", form.hints["odd"]["ui:widget"])


if __name__ == "__main__":
    unittest.main()
