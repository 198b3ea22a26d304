"""One operator of each kind that FiftyOne knows, and of each way to fail."""

import logging
import os
import time

import fiftyone.operators as foo
from fiftyone.operators import types

log = logging.getLogger(__name__)


def named(name, **more):
    return foo.OperatorConfig(name=name, label=name.capitalize(), allow_delegated_execution=True, **more)


class Plain(foo.Operator):
    @property
    def config(self):
        return named("plain")

    def resolve_input(self, ctx):
        inputs = types.Object()
        inputs.str("name", required=True, label="Name")
        inputs.int("n", default=1, min=0, max=10)
        return types.Property(inputs)

    def execute(self, ctx):
        print("a printed line")
        log.info("a logged line")
        log.warning("a warning")
        ctx.set_progress(0.5, "half way")
        return {"greeting": f"Hello {ctx.params['name']}", "delegated": ctx.delegated, "dataset": ctx.dataset_name}

    def resolve_output(self, ctx):
        outputs = types.Object()
        outputs.str("greeting", label="Greeting")
        return types.Property(outputs)


class Coroutine(foo.Operator):
    @property
    def config(self):
        return named("coroutine")

    async def execute(self, ctx):
        return {"n": 1}


class Generator(foo.Operator):
    @property
    def config(self):
        return named("generator", execute_as_generator=True)

    def execute(self, ctx):
        for i in range(3):
            yield ctx.trigger("set_progress", {"progress": i / 3, "label": f"step {i}"})
            yield ctx.log(f"step {i} is done")


class AsyncGenerator(foo.Operator):
    @property
    def config(self):
        return named("async_generator", execute_as_generator=True)

    async def execute(self, ctx):
        yield ctx.trigger("set_progress", {"progress": 0.25})


class Stages(foo.PipelineOperator):
    @property
    def config(self):
        return named("pipeline")

    def resolve_pipeline(self, ctx):
        pipeline = types.Pipeline()
        pipeline.stage("@tests/kinds/plain", params={"name": "first"})
        pipeline.stage("@tests/kinds/" + ctx.params.get("second", "coroutine"))
        pipeline.stage("@tests/kinds/plain", params={"name": "last"}, always_run=True)
        return pipeline


class Boom(foo.Operator):
    @property
    def config(self):
        return named("boom")

    def execute(self, ctx):
        raise KeyError("label")


class Invalid(Plain):
    @property
    def config(self):
        return named("invalid")


class Unencodable(foo.Operator):
    @property
    def config(self):
        return named("unencodable")

    def execute(self, ctx):
        return {"what": object()}


class Huge(foo.Operator):
    @property
    def config(self):
        return named("huge")

    def execute(self, ctx):
        return {"what": "x" * (17 << 20)}


class Secret(foo.Operator):
    @property
    def config(self):
        return named("secret")

    def execute(self, ctx):
        return {"known": ctx.secret("TESTS_TOKEN") is not None, "other": ctx.secrets.get("OTHER_TOKEN")}


class Selection(foo.Operator):
    @property
    def config(self):
        return named("selection")

    def execute(self, ctx):
        return {
            "selected": ctx.selected,
            "fields": ctx.active_fields,
            "view": len(ctx.view),
            "more": ctx.request_params.get("unheard_of"),
            "custom": ctx.has_custom_view,
        }


class SchemaBreaks(foo.Operator):
    @property
    def config(self):
        return named("schema_breaks")

    def execute(self, ctx):
        return {"n": float("nan")}

    def resolve_output(self, ctx):
        raise RuntimeError("no schema")


class Tags(foo.Operator):
    @property
    def config(self):
        return named("tags")

    def execute(self, ctx):
        ctx.dataset.tag_samples("seen")
        ctx.store("tests").set("count", len(ctx.dataset))
        return {"tagged": ctx.dataset.count_sample_tags(), "stored": ctx.store("tests").get("count")}


class Slow(foo.Operator):
    @property
    def config(self):
        return named("slow")

    def execute(self, ctx):
        print("it goes on", flush=True)
        time.sleep(600)


class Environment(foo.Operator):
    @property
    def config(self):
        return named("environment")

    def execute(self, ctx):
        return {name: os.environ.get(name) for name in ctx.params["names"]}


def register(p):
    for cls in (
        Plain,
        Coroutine,
        Generator,
        AsyncGenerator,
        Stages,
        Boom,
        Invalid,
        Unencodable,
        Huge,
        Secret,
        Selection,
        SchemaBreaks,
        Tags,
        Slow,
        Environment,
    ):
        p.register(cls)
