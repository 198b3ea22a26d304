"""Operators that FiftyOne's own launcher runs in tests."""

import time

import fiftyone.operators as foo
import fiftyone.operators.types as types


class Hello(foo.Operator):
    """Says hello, with a result and an output form."""

    @property
    def config(self):
        return foo.OperatorConfig(name="hello", label="Hello", allow_delegated_execution=True)

    def resolve_input(self, ctx):
        inputs = types.Object()
        inputs.str("name", label="Name", default="world", required=True)
        return types.Property(inputs)

    def execute(self, ctx):
        print("half way, says the log")
        ctx.set_progress(0.5, label="half way")
        ctx.set_progress(1.0, label="done")
        return {"greeting": "Hello " + ctx.params["name"]}

    def resolve_output(self, ctx):
        outputs = types.Object()
        outputs.str("greeting", label="Greeting")
        return types.Property(outputs)


class Boom(foo.Operator):
    """Fails."""

    @property
    def config(self):
        return foo.OperatorConfig(name="boom", label="Boom", allow_delegated_execution=True)

    def execute(self, ctx):
        ctx.set_progress(0.5, label="about to fail")
        raise ValueError("boom, as asked")


class Slow(foo.Operator):
    """Takes its time."""

    @property
    def config(self):
        return foo.OperatorConfig(name="slow", label="Slow", allow_delegated_execution=True)

    def execute(self, ctx):
        time.sleep(ctx.params.get("seconds", 1))


class Count(foo.Operator):
    """Counts the samples of the dataset."""

    @property
    def config(self):
        return foo.OperatorConfig(name="count", label="Count", allow_delegated_execution=True)

    def execute(self, ctx):
        print("counting", ctx.dataset.name)
        return {"samples": len(ctx.dataset)}


class Pipe(foo.PipelineOperator):
    """Says hello twice."""

    @property
    def config(self):
        return foo.OperatorConfig(name="pipe", label="Pipe", allow_delegated_execution=True)

    def resolve_pipeline(self, ctx):
        pipeline = types.Pipeline()
        pipeline.stage("@acme/hello/hello", name="one", params={"name": "one"}, num_distributed_tasks=ctx.params.get("tasks"))
        pipeline.stage("@acme/hello/hello", name="two", params={"name": "two"})
        return pipeline


class Moment(foo.Operator):
    """Tells when it began, and may rest then."""

    @property
    def config(self):
        return foo.OperatorConfig(name="moment", label="Moment", allow_delegated_execution=True)

    def execute(self, ctx):
        began = time.time()
        if ctx.params.get("rest"):
            ctx.set_progress(0.5, label="resting")
            time.sleep(ctx.params["rest"])
        return {"began": began}


def register(plugin):
    """Register them all."""
    for operator in (Hello, Boom, Slow, Count, Pipe, Moment):
        plugin.register(operator)
