"""The commands of ``python -m signalbox.fiftyone``, such as ``run``."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Callable, List, NoReturn, Optional, TextIO

from signalbox import work
from signalbox.fiftyone import environment, forks, operators
from signalbox.fiftyone.execute import Failed, execute
from signalbox.fiftyone.forms import form
from signalbox.fiftyone.job import Job
from signalbox.fiftyone.operators import Offer, Operators, unmet
from signalbox.fiftyone.trial import trial


def main(args: Optional[List[str]] = None) -> int:
    """Do what the arguments say; give the exit status."""
    asked = _parsed(args)
    try:
        if asked.does is not _spare:
            environment.load()
    except environment.MissingFiftyOne as e:
        return _refused(str(e))
    return _do(asked)


def _parsed(args: Optional[List[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m signalbox.fiftyone", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, does, words in (
        ("run", _run, "run the operator that this process was started for"),
        ("serve", _serve, "import FiftyOne once, and fork a process for each operator that a worker runs"),
        ("spare", _spare, "start a process ahead for each operator that a worker runs, where none can be forked"),
        ("form", _form, "write as JSON the form of the operator that this process was started for"),
        (
            "meet",
            _meet,
            "write as JSON what the plugin of a folder offers to the worker that this process was started by",
        ),
        ("list", _list, "tell as JSON what the plugin of a folder offers here"),
        ("test", _test, "tell as JSON what of the plugin of a folder would not work in a run here"),
    ):
        command = commands.add_parser(name, help=words, description=words)
        command.set_defaults(does=does)
        command.add_argument("--folder", type=Path, default=Path.cwd(), help="of the plugin; default: this one")
    return parser.parse_args(args)


def _do(asked: argparse.Namespace) -> int:
    """Do it in the plugin's folder: from a process that started there Python would take its own modules from there."""
    os.chdir(asked.folder)
    status: int = asked.does(asked.folder)
    return status


def _run(folder: Path) -> int:
    environment.serve(folder)
    signal.signal(signal.SIGTERM, _terminated)
    environment.log_to_stderr()
    job = Job.here()
    if wrong := unmet():
        _tell(job, lambda: operators.environment(wrong))
        return _refused(wrong)
    if wrong := _unconnected(job):
        return _refused(wrong)
    try:
        try:
            result, schema = asyncio.run(execute(job))
        finally:
            _tell(job, lambda: Operators().offer())
        work.result(result, schema)
    except Failed as e:
        if e.stack:
            print(e.stack, file=sys.stderr)
        work.fail(str(e), e.stack)
        return 1
    return 0


def _tell(job: Job, offer: Callable[[], Offer]) -> None:
    """Say what this environment makes of the plugin, if that is wanted. The run does not depend on it."""
    if not job.tell:
        return
    try:
        said = json.loads(json.dumps(dataclasses.asdict(offer()), default=str))
        work.speaker().reports.environment(said)
    except Exception as e:  # noqa: BLE001 - the plugin's own code describes its operators
        logging.getLogger("signalbox").warning("It cannot be told what this FiftyOne makes of the plugin: %s", e)


def _unconnected(job: Job) -> str:
    """Connect to the database of the job's dataset; say why that cannot be, or nothing."""
    if job.request.get("dataset_id") and not os.environ.get("FIFTYONE_DATABASE_URI"):
        return (
            "The source of the dataset does not let its address go here: an admin can add this pool to those of the "
            "source."
        )
    try:
        environment.connect()
    except Exception as e:  # noqa: BLE001 - many kinds, all of them the database's
        return f"FiftyOne cannot use its database: {e}"
    return ""


def _meet(folder: Path) -> int:
    """Write what the folder offers to the file that ``SIGNALBOX_RESULT`` names: plugins may print."""
    environment.serve(folder)
    environment.log_to_stderr()
    environment.refuse_database(
        "The plugin asks a FiftyOne database while it is loaded. It was loaded without one, as it is for a run that "
        "works on no dataset of a FiftyOne source."
    )
    wrong = unmet()
    offer = operators.environment(wrong) if wrong else Operators().offer()
    said = json.dumps({"environment": dataclasses.asdict(offer)}, default=str)
    Path(os.environ["SIGNALBOX_RESULT"]).write_text(said, encoding="utf-8")
    return 0


def _list(folder: Path) -> int:
    environment.serve(folder)
    with _own_stdout() as out:
        json.dump(dataclasses.asdict(Operators().offer()), out, default=str)
    return 0


def _test(folder: Path) -> int:
    environment.serve(folder)
    with _own_stdout() as out:
        json.dump(trial(), out, default=str)
    return 0


def _own_stdout() -> TextIO:
    """Take stdout for what this process tells. What plugins and libraries print goes to stderr from now on."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return out


def _form(folder: Path) -> int:
    """Write the form to the file that ``SIGNALBOX_RESULT`` names: plugins may print."""
    environment.serve(folder)
    environment.log_to_stderr()
    try:
        job = Job.here()
        if wrong := unmet() or _unconnected(job):
            raise Failed(wrong)
        said = asyncio.run(form(job))
    except Failed as e:
        said = {"failure": {"message": str(e), "stack": e.stack}}
    Path(os.environ["SIGNALBOX_RESULT"]).write_text(json.dumps(said), encoding="utf-8")
    return 0


def _forked(argv: List[str]) -> int:
    """Do what a job's command line says."""
    environment.settle()
    return _do(_parsed(argv[argv.index("signalbox.fiftyone") + 1 :]))


def _serve(_folder: Path) -> int:
    _load_own()
    if why := forks.unforkable():
        print(f"No process is forked: {why}. Each operator gets one that was started ahead.", file=sys.stderr)
        os.execv(sys.executable, [sys.executable, "-m", "signalbox.fiftyone", "spare"])
    return forks.serve(_forked)


def _spare(_folder: Path) -> int:
    return forks.spare(_load, _forked)


def _load() -> None:
    environment.load()
    _load_own()


def _load_own() -> None:
    """Import FiftyOne's own operators, for what they import."""
    environment.serve(Path(os.devnull))
    Operators()


def _refused(words: str) -> int:
    print(words, file=sys.stderr)
    if os.environ.get("SIGNALBOX_TOKEN"):
        work.fail(words, "")
    return 1


def _terminated(number: int, _frame: Optional[FrameType]) -> None:
    """End at once: operators run in threads, which no exception of the main thread reaches."""
    leave(128 + number)


def leave(status: int) -> NoReturn:
    """End the process without what libraries want to do at exit, and without waiting for threads."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


if __name__ == "__main__":
    leave(main())
