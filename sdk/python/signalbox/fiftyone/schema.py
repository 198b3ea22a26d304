"""JSON Schema and hints for a form, made from the types and views in which FiftyOne describes inputs and outputs.

The description is the JSON of a ``Property``, as FiftyOne's own pages get it. The schema is JSON Schema 2020-12 with
its properties in the order of the form; the hints are those of react-jsonschema-form, by ``ui:`` keys, which others may
read or leave. What has no counterpart becomes a field for JSON, and its path is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping

JSON = Dict[str, Any]


@dataclass
class Form:
    """A schema with its hints."""

    schema: JSON
    hints: JSON
    unmapped: List[str] = field(default_factory=list)
    """Where a field for JSON, or nothing, stands for what a schema cannot say: ``path: TypeName or ViewName``."""


def form_of(described: Mapping[str, Any]) -> Form:
    """Make the form for a property, as ``Property.to_json`` gives it."""
    form = Form({}, {})
    form.schema, form.hints = _Reader(form.unmapped).read(described, "")
    return form


_WIDGETS = {
    "RadioGroup": "radio",
    "RadioView": "radio",
    "Dropdown": "select",
    "DropdownView": "select",
    "Choices": "select",
    "AutocompleteView": "autocomplete",
    "TabsView": "tabs",
    "CheckboxView": "checkbox",
    "SwitchView": "switch",
    "SliderView": "range",
    "CodeView": "code",
    "ColorView": "color",
    "TagsView": "tags",
    "JSONView": "json",
    "MarkdownView": "markdown",
    "HiddenView": "hidden",
    "FileExplorerView": "path",
    "FileView": "file",
    "ImageView": "image",
    "LinkView": "link",
    "PlotlyView": "plotly",
    "TableView": "table",
    "KeyValueView": "keyvalue",
    "ProgressView": "progress",
}
"""What an input or an output is shown as, by its view."""

_NOTICES = {
    "Notice": "info",
    "Header": "header",
    "HeaderView": "header",
    "Warning": "warning",
    "Error": "error",
    "ErrorView": "error",
    "Success": "success",
    "AlertView": "info",
    "LoadingView": "loading",
}
"""Views that only say something, by how."""

_PLAIN_VIEWS = frozenset(
    "View FieldView TextFieldView TextView ObjectView PrimitiveView ReadOnlyView InferredView LazyFieldView PromptView "
    "Form ListView TupleView OneOfView MapView GridView HStackView VStackView ButtonGroupView MenuView LabelValueView "
    "DrawerView PillBadgeView StatusButtonView".split()
)
"""Views that a form shows by its type alone, or by the order of its fields."""

_HINTS = {
    "placeholder": "ui:placeholder",
    "caption": "ui:help",
    "submit_button_label": "ui:submit",
    "cancel_button_label": "ui:cancel",
    "space": "ui:space",
    "orientation": "ui:orientation",
    "language": "ui:language",
    "columns": "ui:columns",
    "href": "ui:href",
    "allow_user_input": "ui:free",
    "choose_dir": "ui:folder",
    "max_size": "ui:most",
    "types": "ui:accept",
    "data": "ui:data",
    "layout": "ui:layout",
}
"""Keys of a view that a form can use, and the hints they become."""


class _Reader:
    def __init__(self, unmapped: List[str]) -> None:
        self._unmapped = unmapped
        self._types: Dict[str, Callable[[Mapping[str, Any], str], JSON]] = {
            "Object": self._object,
            "String": self._string,
            "SampleID": self._string,
            "Boolean": lambda _t, _p: {"type": "boolean"},
            "Number": self._number,
            "List": self._list,
            "Enum": lambda t, _p: {"enum": list(t.get("values") or [])},
            "OneOf": lambda t, p: {"oneOf": [self._type(one, p) for one in t.get("types") or []]},
            "Tuple": self._tuple,
            "Map": lambda t, p: {"type": "object", "additionalProperties": self._type(t.get("value_type") or {}, p)},
            "File": lambda _t, _p: {"type": "object", "properties": {"absolute_path": {"type": "string"}}},
            "UploadedFile": self._uploaded,
            "Void": lambda _t, _p: {"type": "null"},
        }
        self._hints: JSON = {}

    def read(self, described: Mapping[str, Any], path: str) -> "tuple[JSON, JSON]":
        """Give the schema and the hints of a property."""
        view: Mapping[str, Any] = described.get("view") or {}
        outer, self._hints = self._hints, {}
        schema = self._type(described.get("type") or {}, path)
        hints, self._hints = self._hints, outer
        for key, value in (("title", view.get("label")), ("description", view.get("description"))):
            if value:
                schema[key] = value
        if described.get("default") is not None and schema.get("type") != "null":
            schema["default"] = described["default"]
        if view.get("read_only"):
            schema["readOnly"] = True
        if described.get("invalid"):
            hints["ui:error"] = described.get("error_message") or "It is not valid."
        if schema.get("type") == "string" and described.get("required") and not described["type"].get("allow_empty"):
            schema["minLength"] = 1  # FiftyOne refuses an empty text where one is required
        self._view(view, schema, hints, path)
        return schema, hints

    def _view(self, view: Mapping[str, Any], schema: JSON, hints: JSON, path: str) -> None:
        """Add what a view says of its field."""
        name = str(view.get("name") or "View")
        for key, hint in _HINTS.items():
            if view.get(key) not in (None, "", []):
                hints[hint] = view[key]
        if name in _NOTICES:
            hints.update({"ui:widget": "notice", "ui:severity": view.get("severity") or _NOTICES[name]})
        elif name in _WIDGETS:
            hints.setdefault("ui:widget", _WIDGETS[name])
        elif name not in _PLAIN_VIEWS:
            self._left(name, schema, hints, path)
        if view.get("choices"):
            _offer(view, schema, hints)

    def _left(self, name: str, schema: JSON, hints: JSON, path: str) -> None:
        """Note a view without a counterpart: an input becomes a field for JSON, what is only shown is left out."""
        self._unmapped.append(f"{path or '.'}: {name}")
        hints["ui:widget"] = "hidden" if schema.get("type") == "null" else "json"

    def _type(self, described: Mapping[str, Any], path: str) -> JSON:
        name = str(described.get("name") or "")
        read = self._types.get(name)
        if read is not None:
            return read(described, path)
        self._unmapped.append(f"{path or '.'}: {name or 'no type'}")
        self._hints["ui:widget"] = "json"
        return {}

    def _object(self, described: Mapping[str, Any], path: str) -> JSON:
        properties: Dict[str, Any] = described.get("properties") or {}
        schema: JSON = {"type": "object", "properties": {}}
        for name, one in properties.items():
            schema["properties"][name], hints = self.read(one, f"{path}.{name}" if path else name)
            if hints:
                self._hints[name] = hints
        required = [name for name, one in properties.items() if one.get("required")]
        if required:
            schema["required"] = required
        self._hints["ui:order"] = [*properties, "*"]
        return schema

    def _string(self, _described: Mapping[str, Any], _path: str) -> JSON:
        return {"type": "string"}

    def _number(self, described: Mapping[str, Any], _path: str) -> JSON:
        schema: JSON = {"type": "integer" if described.get("int") else "number"}
        for key, bound in (("min", "minimum"), ("max", "maximum")):
            if described.get(key) is not None:
                schema[bound] = described[key]
        return schema

    def _list(self, described: Mapping[str, Any], path: str) -> JSON:
        outer, self._hints = self._hints, {}
        schema: JSON = {"type": "array", "items": self._type(described.get("element_type") or {}, f"{path}[]")}
        items, self._hints = self._hints, outer
        if items:
            self._hints["items"] = items
        for key, bound in (("min_items", "minItems"), ("max_items", "maxItems")):
            if described.get(key) is not None:
                schema[bound] = described[key]
        return schema

    def _tuple(self, described: Mapping[str, Any], path: str) -> JSON:
        items = [self._type(one, f"{path}[{i}]") for i, one in enumerate(described.get("items") or [])]
        return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}

    def _uploaded(self, _described: Mapping[str, Any], _path: str) -> JSON:
        self._hints["ui:widget"] = "upload"
        names = {"name": "string", "type": "string", "size": "integer", "content": "string", "last_modified": "number"}
        return {"type": "object", "properties": {name: {"type": kind} for name, kind in names.items()}}


def _offer(view: Mapping[str, Any], schema: JSON, hints: JSON) -> None:
    """Put the choices of a view where they belong: into the field, or into the items of a list."""
    choices = [
        {"const": c.get("value"), "title": c.get("label") or str(c.get("value"))}
        | ({"description": c["description"]} if c.get("description") else {})
        for c in view["choices"]
    ]
    into = schema["items"] if schema.get("type") == "array" and isinstance(schema.get("items"), dict) else schema
    if into is not schema or view.get("multiple"):
        schema["uniqueItems"] = schema.get("type") == "array"
    if view.get("allow_user_input") or view.get("name") == "AutocompleteView":
        hints["ui:options"] = {"choices": choices}  # they are suggestions
        return
    into.pop("enum", None)
    into["oneOf"] = choices
