"""Forms of every type and view that FiftyOne has, and of each way to fail."""

import os
import sys

import fiftyone.operators as foo
from fiftyone.operators import types


class Asked(foo.Operator):
    name = ""
    dynamic = False

    @property
    def config(self):
        return foo.OperatorConfig(name=self.name, label=self.name.capitalize(), dynamic=self.dynamic)

    def execute(self, ctx):
        return ctx.params


def choices(kind, **more):
    made = kind(**more)
    made.add_choice("a", label="First", description="the first")
    made.add_choice("b", label="Second")
    return made


VIEWS = {
    types.String: (
        types.FieldView,
        types.TextFieldView,
        types.TextView,
        types.LazyFieldView,
        types.CodeView,
        types.ColorView,
        types.MarkdownView,
        types.HiddenView,
        types.FileExplorerView,
        types.ReadOnlyView,
        types.InferredView,
        types.ImageView,
        types.LabelValueView,
        types.LinkView,
        types.PillBadgeView,
    ),
    types.Number: (types.SliderView, types.ProgressView),
    types.Boolean: (types.CheckboxView, types.SwitchView),
    types.Void: (
        types.Notice,
        types.Header,
        types.HeaderView,
        types.Warning,
        types.Error,
        types.ErrorView,
        types.Success,
        types.AlertView,
        types.LoadingView,
        types.Button,
        types.DashboardView,
        types.MediaPlayerView,
    ),
}


class Everything(Asked):
    name = "everything"

    def resolve_input(self, ctx):
        inputs = types.Object()
        inputs.str("text", required=True, label="Text", description="Some words", default="x")
        inputs.bool("flag", default=True)
        inputs.int("count", min=1, max=9)
        inputs.float("share", min=0, max=1)
        inputs.enum("color", ["red", "blue"], default="red")
        for kind in (types.RadioGroup, types.Dropdown, types.AutocompleteView, types.TabsView):
            inputs.enum(kind.__name__.lower(), ["a", "b"], view=choices(kind))
        inputs.list("tags", types.String(), min_items=1, view=types.TagsView())
        inputs.list("several", types.String(), view=choices(types.DropdownView, multiple=True))
        box = types.Object()
        box.int("width", required=True, min=1)
        inputs.list("boxes", box)
        inputs.define_property("nested", box, label="Nested")
        inputs.define_property("either", types.OneOf([types.String(), types.Number()]))
        inputs.define_property("pair", types.Tuple(types.Number(), types.String()))
        inputs.define_property("map", types.Map(key_type=types.String(), value_type=types.Number()))
        inputs.file("file", label="File")
        inputs.uploaded_file("upload", label="Upload")
        inputs.list("table", box, view=types.TableView())
        inputs.define_property("json", types.Object(), view=types.JSONView())
        inputs.define_property("key_value", types.Object(), view=types.KeyValueView())
        inputs.define_property("plot", types.Object(), view=types.PlotlyView())
        inputs.md("*words*", name="words")
        inputs.view_target(ctx)
        for kind, views in VIEWS.items():
            for view in views:
                inputs.define_property(view.__name__, kind(), view=view(label=view.__name__))
        inputs.str("refused", invalid=True, error_message="Not this one")
        return types.Property(inputs, view=types.View(label="Everything"))


def of(base):
    """All classes below one in FiftyOne's own types, whichever version this is."""
    for kind in base.__subclasses__():
        yield kind
        yield from of(kind)


PARTS = ("Action", "Choice", "Column", "Tooltip")  # of other views
NEEDED = {
    "ComponentView": {"name": "ComponentView"},
    "DrawerView": {"placement": "left"},
    "IconButtonView": {"icon": "add"},
    "LoaderView": {"operator": "@tests/forms/plain"},
    "OperatorExecutionButtonView": {"operator": "@tests/forms/plain"},
}


def fitting(kind):
    """A type that an author would show by such a view."""
    inner = types.Object()
    inner.int("n", min=1, required=True)
    if issubclass(kind, types.GridView) or kind.__name__ in (
        "DrawerView",
        "Form",
        "ModalView",
        "ObjectView",
        "PromptView",
    ):
        return inner
    return {
        "ListView": types.List(types.String()),
        "MapView": types.Map(key_type=types.String(), value_type=types.Number()),
        "OneOfView": types.OneOf([types.String(), types.Number()]),
        "TreeSelectionView": types.List(types.String()),
        "TupleView": types.Tuple(types.Number(), types.String()),
    }.get(kind.__name__, types.String())


class EveryView(Asked):
    name = "every_view"

    def resolve_input(self, ctx):
        inputs = types.Object()
        for kind in {k.__name__: k for k in of(types.View) if k.__name__ not in PARTS}.values():
            inputs.define_property(kind.__name__, fitting(kind), view=kind(**NEEDED.get(kind.__name__, {})))
        return types.Property(inputs)


class EveryType(Asked):
    name = "every_type"

    def resolve_input(self, ctx):
        text = types.String()
        made = {
            "Enum": types.Enum(["a", 1]),
            "List": types.List(text),
            "Map": types.Map(key_type=text, value_type=text),
            "OneOf": types.OneOf([text]),
            "Tree": types.Tree(text),
            "Tuple": types.Tuple(text),
        }
        inputs = types.Object()
        for kind in of(types.BaseType):
            if not kind.__name__.endswith(("Container", "Property", "SampleID")):  # those are none of fields
                inputs.define_property(kind.__name__, made.get(kind.__name__) or kind())
        return types.Property(inputs)


class Dynamic(Asked):
    name = "dynamic"
    dynamic = True

    def resolve_input(self, ctx):
        inputs = types.Object()
        inputs.enum("field", sorted(ctx.dataset.get_field_schema()), required=True)
        if ctx.params.get("field") == "tags":
            inputs.enum("tag", ctx.view.distinct("tags"), required=True)
        return types.Property(inputs)


class Chosen(Asked):
    name = "chosen"

    def resolve_input(self, ctx):
        inputs = types.Object()
        inputs.int("selected", default=len(ctx.selected))
        inputs.int("labels", default=len(ctx.selected_labels))
        inputs.int("view", default=len(ctx.view))
        return types.Property(inputs)

    def resolve_execution_options(self, ctx):
        return foo.ExecutionOptions(allow_immediate_execution=False, allow_delegated_execution=True)

    def resolve_delegation(self, ctx):
        return True

    def resolve_run_name(self, ctx):
        return f"chosen on {ctx.dataset_name}"


class Plain(Asked):
    name = "plain"


class InputBreaks(Asked):
    name = "input_breaks"

    def resolve_input(self, ctx):
        raise KeyError("label")


class Undescribed(Asked):
    name = "undescribed"

    def resolve_input(self, ctx):
        inputs = types.Object()
        inputs.define_property("pair", types.Tuple(["no type"]))
        return types.Property(inputs)


class OptionsBreak(Asked):
    name = "options_break"

    def resolve_execution_options(self, ctx):
        raise KeyError("options")


class Prints(Asked):
    name = "prints"

    def resolve_input(self, ctx):
        print("{}", flush=True)
        print("words", file=sys.stderr, flush=True)
        return types.Property(types.Object())


class Dies(Asked):
    name = "dies"

    def resolve_input(self, ctx):
        print("last words", file=sys.stderr, flush=True)
        os._exit(3)


class Secret(Asked):
    name = "secret"

    def resolve_input(self, ctx):
        inputs = types.Object()
        inputs.bool("known", default=ctx.secret("TESTS_TOKEN") == "x")
        inputs.bool("other", default=ctx.secrets.get("OTHER_TOKEN") is not None)
        return types.Property(inputs)


def register(p):
    for cls in (
        Everything,
        EveryView,
        EveryType,
        Dynamic,
        Chosen,
        Plain,
        InputBreaks,
        Undescribed,
        OptionsBreak,
        Prints,
        Dies,
        Secret,
    ):
        p.register(cls)
