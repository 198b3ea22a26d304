"""Operators on which FiftyOne's own tests of delegated operations are repeated."""

import json
import logging
import multiprocessing
import os
import subprocess
import time

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

log = logging.getLogger(__name__)


class Named(foo.Operator):
    @property
    def config(self):
        return foo.OperatorConfig(name=type(self).__name__.lower(), allow_delegated_execution=True)

    def resolve_input(self, ctx):
        return types.Property(types.Object())

    def resolve_output(self, ctx):
        return types.Property(types.Object())


class Plain(Named):
    def execute(self, ctx):
        ctx.set_progress(0.5, label="halfway there")
        return {"executed": True, "dataset": ctx.dataset.name}


class Coroutine(Named):
    async def execute(self, ctx):
        return {"executed": True}


class Generator(Named):
    @property
    def config(self):
        return foo.OperatorConfig(name="generator", execute_as_generator=True, allow_delegated_execution=True)

    def execute(self, ctx):
        ctx.set_progress(0.5, label="halfway there")
        yield ctx.log("on the way")


class AsyncGenerator(Named):
    @property
    def config(self):
        return foo.OperatorConfig(name="async_generator", execute_as_generator=True, allow_delegated_execution=True)

    async def execute(self, ctx):
        yield ctx.trigger("set_progress", {"progress": 0.5, "label": "halfway there"})


class Ten(Named):
    def execute(self, ctx):
        for i in range(10):
            ctx.set_progress((i + 1) / 10, label=f"step {i + 1}")
        return {}


class Until(Named):
    """Waits for a file, or fails where it is not there."""

    def execute(self, ctx):
        while not os.path.exists(ctx.params["file"]):
            if not ctx.params.get("wait"):
                raise ValueError("there is no file")
            time.sleep(0.02)
        return {"executed": True, "dataset": ctx.dataset.name}


def said_by_a_child():
    print("printed by a child", flush=True)


class Logs(Named):
    def execute(self, ctx):
        log.debug("a debugging line")
        log.info("an info line")
        log.warning("a warning")
        print("a printed line")
        try:
            raise KeyError("kept")
        except KeyError:
            log.exception("an error with its traceback")
        with fo.ProgressBar(total=4) as bar:
            bar(list(range(4)))
            for _ in bar(range(4)):
                pass
        child = multiprocessing.get_context("fork").Process(target=said_by_a_child)
        child.start()
        child.join()
        subprocess.run(["sh", "-c", "echo said by a shell >&2"], check=True)


class Hang(Named):
    def execute(self, ctx):
        child = subprocess.Popen(["sleep", "600"])
        ctx.set_progress(0.1, label=f"{os.getpid()} {child.pid}")
        child.wait()


class Shows(Named):
    """Writes into the log what it was asked with, and where in a pipeline it is."""

    def execute(self, ctx):
        asked = {k: v for k, v in ctx.request_params.items() if k not in ("run_doc", "dataset_id", "secrets")}
        if ctx.pipeline:
            asked["pipeline"] = [ctx.pipeline.active, ctx.pipeline.curr_stage_index, ctx.pipeline.total_stages]
        print("SHOWN", json.dumps({**asked, "dataset": ctx.dataset_name}, default=str))
        if ctx.params.get("fail"):
            raise ValueError("as it was asked")


class Pipe(foo.PipelineOperator):
    @property
    def config(self):
        return foo.OperatorConfig(name="pipe", allow_delegated_execution=True)

    def resolve_pipeline(self, ctx):
        raise RuntimeError("its stages were resolved when it was queued")


def register(p):
    for operator in (Plain, Coroutine, Generator, AsyncGenerator, Ten, Until, Logs, Hang, Shows, Pipe):
        p.register(operator)
