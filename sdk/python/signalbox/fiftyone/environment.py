"""FiftyOne, imported so that it serves one plugin to one process, and leaves alone what belongs to its users."""

from __future__ import annotations

import atexit
import logging
import os
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict

from signalbox.lines import LogHandler

_OWN_OUTPUT = ("fiftyone", "eta")  # loggers with handlers of their own, which write to stdout
_TALKATIVE = ("pymongo", "matplotlib", "urllib3", "PIL")

_SETTINGS = {
    "FIFTYONE_DO_NOT_TRACK": "1",
    "FIFTYONE_DATABASE_ADMIN": "false",  # a newer FiftyOne would migrate the team's database
    "FIFTYONE_DISABLE_SERVICES": "1",  # or it would start a database of its own
}


class MissingFiftyOne(RuntimeError):
    """Says why there is no FiftyOne for this Python, or none that can be used."""


def load() -> Any:
    """Import FiftyOne and what operators need of it, without a connection and without a thread: the process may fork.

    Raises MissingFiftyOne.
    """
    settle()
    uri = os.environ.pop("FIFTYONE_DATABASE_URI", None)
    try:
        import fiftyone
        import fiftyone.brain
        import fiftyone.operators
        import fiftyone.operators.executor
        import fiftyone.operators.registry
        import fiftyone.plugins
    except ImportError as e:
        raise MissingFiftyOne(
            f"FiftyOne cannot be imported by {sys.executable}: {e}. Install fiftyone there, or give the worker a "
            "Python that has it with SIGNALBOX_PYTHON."
        ) from e
    finally:
        if uri is not None:
            os.environ["FIFTYONE_DATABASE_URI"] = uri
    _read_manifests_fast()
    fiftyone.config.database_uri = None  # that of a person's own configuration is none of ours
    fiftyone.config.plugins_cache_enabled = True  # or each question imports all plugins again
    fiftyone.app_config.plugins = {}  # what a person has switched off in an App is none of ours
    return fiftyone


def _read_manifests_fast() -> None:
    """Have FiftyOne read manifests by PyYAML's parser in C, where there is one.

    Each process reads those of FiftyOne's own plugins twice. With the other parser, that is a third of what it takes
    to load the plugins.
    """
    import yaml  # type: ignore[import-untyped]
    from fiftyone.plugins import core, definitions

    loader = getattr(yaml, "CSafeLoader", None)
    if loader is None:
        return
    fast = SimpleNamespace(**{**vars(yaml), "safe_load": partial(yaml.load, Loader=loader)})
    for module in (core, definitions):
        module.yaml = fast


def settle() -> None:
    """Tell FiftyOne, here and in processes that an operator starts, to leave alone what is not this run's."""
    os.environ.update(_SETTINGS)


def serve(folder: Path) -> None:
    """Let FiftyOne know the plugin of a folder, and no other besides its own."""
    import fiftyone

    fiftyone.config.plugins_dir = str(folder)


def connect() -> None:
    """Connect to the database that ``FIFTYONE_DATABASE_URI`` names; without one whatever asks a database fails.

    Raises ConnectionError, or what FiftyOne raises for a database that it cannot use.
    """
    import fiftyone
    from fiftyone.core.odm import database

    uri = os.environ.get("FIFTYONE_DATABASE_URI")
    if not uri:
        refuse_database(
            "This run has no FiftyOne database: it works on no dataset of a FiftyOne source, or the source does not "
            "let its address go here. An admin can add this pool to those of the source."
        )
        return
    fiftyone.config.database_uri = uri
    fiftyone.config.database_name = os.environ.get("FIFTYONE_DATABASE_NAME") or fiftyone.config.database_name
    database.establish_db_conn(fiftyone.config)
    # The last client to leave deletes all datasets that are not persistent, also those that somebody just works with.
    atexit.unregister(database._delete_non_persistent_datasets_if_allowed)


def refuse_database(why: str) -> None:
    """Let whatever asks a database fail, and say why there is none."""
    from fiftyone.core.odm import database

    database._client = _NoDatabase(why)


class _NoDatabase:
    """Takes the place of the connection where there is none."""

    def __init__(self, why: str) -> None:
        """Keep what is said then."""
        self.__dict__["why"] = why

    def __getattr__(self, _name: str) -> Any:
        raise ConnectionError(self.__dict__["why"])

    def __getitem__(self, _name: str) -> Any:
        raise ConnectionError(self.__dict__["why"])


def log_to_stderr() -> None:
    """Write all records of Python's logging to stderr, as lines that keep their time and severity."""
    root = logging.getLogger()
    root.addHandler(LogHandler())
    root.setLevel(logging.INFO)
    for name in _OWN_OUTPUT:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def extended(value: Any) -> Any:
    """Give a value in MongoDB's relaxed extended JSON, as plain JSON types.

    Raises TypeError, ValueError or what bson raises when it cannot be stored in a MongoDB document.
    """
    import json

    import bson
    from bson import json_util

    size = len(bson.encode({"result": value}))
    if size > MOST:
        raise ValueError(f"it has {size} bytes; at most {MOST} are kept")
    return json.loads(json_util.dumps(value, json_options=json_util.RELAXED_JSON_OPTIONS))


def plain(value: Dict[str, Any]) -> Dict[str, Any]:
    """Read extended JSON as FiftyOne reads what an App sends: plain numbers, dates without a zone."""
    import json

    from bson import json_util

    options = json_util.JSONOptions(json_mode=json_util.JSONMode.RELAXED, tz_aware=False)
    read: Dict[str, Any] = json_util.loads(json.dumps(value), json_options=options)
    return read


MOST = 16 * 1024 * 1024 - 64 * 1024
"""Bytes of a result as BSON: what fits into a document beside the rest of it."""
