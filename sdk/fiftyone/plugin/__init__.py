"""Signalbox in FiftyOne's App: where "Schedule" leads, and a panel with the runs of the dataset.

It is all in this one file because FiftyOne executes it anew for each request, while modules that it imports would stay
as they were until the App is restarted. The App's process needs SIGNALBOX_URL and SIGNALBOX_API_KEY in its
environment, SIGNALBOX_PUBLIC_URL where browsers reach Signalbox under another address, and
SIGNALBOX_SUBMIT_AS_OWNER=true where what it schedules is to be the key's owner's.
"""

from __future__ import annotations

import functools
import http.client
import json
import logging
import os
import re
import sys
import urllib.error
import urllib.request
from datetime import datetime, timezone
from email.message import Message
from types import SimpleNamespace
from typing import IO, Any, Awaitable, Callable, Dict, Iterator, List, Optional, Tuple
from urllib.parse import quote, urlencode

import fiftyone.operators as foo
from fiftyone.core.utils import run_sync_task
from fiftyone.operators import types
from fiftyone.operators.executor import ExecutionContext

PANEL = "@signalbox/app/runs"
TIMEOUT = 3.0
"""Seconds until a server that says nothing counts as away."""
EVERY = 5_000
"""Milliseconds until the panel looks again."""
SHOWN = 25
"""Runs, the newest ones."""
LINES = 100
"""Of a log, the last ones."""
BLOCK_MOST = 20_000
"""Characters of a result, a stack or a log."""
ANSWER_MOST = 32 << 20
"""Bytes; a result may have 16 MiB."""

_log = logging.getLogger(__name__)


class Trouble(Exception):
    """Something that whoever looks at the App should read."""


class Unknown(Trouble):
    """The server knows no such thing, or does not show it to the key's owner."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nothing, because the key would go along."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


_web = urllib.request.build_opener(_NoRedirect)


class Signalbox:
    """The API as the key's owner sees it. What goes wrong is a Trouble, in words."""

    def __init__(self, ctx: ExecutionContext) -> None:
        """Take address and key from the App's environment; a user's own key, where an App has one, goes before."""
        self.url = os.environ.get("SIGNALBOX_URL", "").rstrip("/")
        if not self.url:
            raise Trouble("This App does not know where Signalbox is. Start it with SIGNALBOX_URL in its environment.")
        self.public = os.environ.get("SIGNALBOX_PUBLIC_URL", "").rstrip("/") or self.url
        own = getattr(ctx, "user_request_token", None) or ""
        self._key = own if own.startswith("sbk_") else _app_key()
        if not self._key:
            raise Trouble("This App has no key for Signalbox. Start it with SIGNALBOX_API_KEY in its environment.")

    def get(self, path: str, **query: Any) -> Any:
        """Read something."""
        address = f"{self.url}/api/v1{path}?{urlencode(query)}"
        strange = f"What answers at {self.url} is not Signalbox. SIGNALBOX_URL must be its address."
        try:
            request = urllib.request.Request(address, headers={"X-API-Key": self._key, "Accept": "application/json"})
            with _web.open(request, timeout=TIMEOUT) as answer:
                return json.loads(answer.read(ANSWER_MOST))
        except urllib.error.HTTPError as e:
            with e:
                raise _refusal(e, self.url, strange) from None
        except (OSError, http.client.HTTPException) as e:
            raise Trouble(f"Signalbox does not answer at {self.url}: {getattr(e, 'reason', None) or e}.") from None
        except ValueError:
            raise Trouble(strange) from None

    def each(self, path: str) -> Iterator[Dict[str, Any]]:
        """Read a list to its end."""
        page = self.get(path, limit=500)
        yield from page["items"]
        while page["next_cursor"]:
            page = self.get(path, limit=500, cursor=page["next_cursor"])
            yield from page["items"]

    def dataset(self, ctx: ExecutionContext) -> str:
        """Give the id that the App's dataset has there: by FiftyOne's own id, for its name may be another."""
        if ctx.dataset is None:
            raise Trouble("No dataset is open.")
        key, name = str(ctx.dataset._doc.id), ctx.dataset.name
        try:
            named = self.get("/datasets/" + quote(name, safe=""))
            if _key_of(named) == key:
                return str(named["id"])
        except Unknown:
            pass
        found = [d["id"] for d in self.each("/datasets") if _key_of(d) == key]
        if not found:
            raise Unknown(
                f"Signalbox does not know the dataset {name} of this database, or does not show it to the owner of "
                "this App's key. It knows those of its sources: signalbox sources list."
            )
        if len(found) > 1:
            raise Trouble("Several sources of Signalbox hold this dataset, so that it is not clear which is meant.")
        return str(found[0])

    def runs(self, ctx: ExecutionContext) -> List[Dict[str, Any]]:
        """Read the newest runs on the dataset that the App shows."""
        page = self.get("/runs", dataset=self.dataset(ctx), limit=SHOWN)
        return list(page["items"])

    def run(self, run_id: str) -> Dict[str, Any]:
        """Read everything about a run."""
        run: Dict[str, Any] = self.get("/runs/" + quote(run_id, safe=""))
        return run

    def log(self, run_id: str) -> Tuple[str, bool]:
        """Read the last lines of a run's log, and tell whether it is complete."""
        said = self.get(f"/runs/{quote(run_id, safe='')}/logs")
        if said["download_only"]:
            return "It is too long to be shown here.", said["complete"]
        lines = [f"{(e['timestamp'] or '')[11:19]} {e['severity']:<8} {e['message']}" for e in said["entries"][-LINES:]]
        return "\n".join(lines) or ("It is empty." if said["complete"] else "Nothing yet."), said["complete"]

    def place(self, ctx: ExecutionContext, operator: str) -> Optional[Dict[str, str]]:
        """Tell which orchestrator an operator goes to when it is scheduled here; None when nothing takes it."""
        page = self.get("/operators", dataset=self.dataset(ctx), operator=operator)
        return next((said["from_app"] for said in page["items"] if said["uri"] == operator), None)


def _refusal(e: urllib.error.HTTPError, url: str, strange: str) -> Trouble:
    """Say in words what an answer that is an error means."""
    try:
        said = json.loads(e.read(ANSWER_MOST))
        code, detail = said["code"], said.get("detail") or said.get("title") or ""
    except (ValueError, KeyError, TypeError, AttributeError, OSError, http.client.HTTPException):
        if e.code in (502, 503, 504):  # a proxy before it
            return Trouble(f"Signalbox at {url} is not there now ({e.code}).")
        return Trouble(strange)
    if code == "unauthenticated":
        return Trouble(f"Signalbox refuses the key of this App (SIGNALBOX_API_KEY): {detail}")
    if code == "not_found":
        return Unknown(detail)
    return Trouble(f"Signalbox says: {detail}")


def _app_key() -> str:
    """Give the App's key; secrets of Kubernetes often end with a newline."""
    return os.environ.get("SIGNALBOX_API_KEY", "").strip()


def _key_of(dataset: Dict[str, Any]) -> Optional[str]:
    return (dataset.get("source") or {}).get("dataset_id")


class Runs(foo.Panel):  # type: ignore[misc]
    """The newest runs on the dataset, and everything about one of them. It looks again by itself."""

    @property
    def config(self) -> foo.PanelConfig:
        """Describe it to the App."""
        return foo.PanelConfig(
            name="runs",
            label="Signalbox runs",
            icon="checklist",
            help_markdown="The newest runs on this dataset, as the owner of this App's key sees them in Signalbox.",
        )

    def on_load(self, ctx: ExecutionContext) -> None:
        """Show it: whatever happens, it is rendered afterwards."""

    def on_change_dataset(self, ctx: ExecutionContext) -> None:
        """Show the runs of another dataset."""
        self.close(ctx)

    def refresh(self, ctx: ExecutionContext) -> None:
        """Look again."""

    def open(self, ctx: ExecutionContext) -> None:
        """Show the run in the row that was clicked, as the rows were when it was."""
        rows, row = ctx.panel.state.rows or [], ctx.params.get("row", -1)
        if 0 <= row < len(rows):
            ctx.panel.state.run = rows[row]

    def close(self, ctx: ExecutionContext) -> None:
        """Show all runs again."""
        ctx.panel.state.run = ""

    def render(self, ctx: ExecutionContext) -> types.Property:
        """Ask Signalbox, and show what it says or what went wrong."""
        panel, again = types.Object(), True
        chosen = ctx.panel.state.run
        buttons = panel.h_stack("buttons", gap=2)
        if chosen:
            buttons.btn("back", label="All runs", on_click=self.close)
        buttons.btn("refresh", label="Refresh", on_click=self.refresh)
        try:
            signalbox = Signalbox(ctx)
            if chosen:
                again = self._one(panel, signalbox, chosen)
            else:
                self._all(ctx, panel, signalbox)
        except Trouble as e:
            panel.view(
                "trouble", types.AlertView(severity="warning", label="Signalbox", description=_text(str(e), 500))
            )
        if again:
            panel.view("again", types.TimerView(interval=EVERY, on_interval=self.refresh))
        return types.Property(panel)

    def _all(self, ctx: ExecutionContext, panel: types.Object, signalbox: Signalbox) -> None:
        runs = signalbox.runs(ctx)
        if not runs:
            panel.md(f"No run on this dataset yet. [Signalbox]({signalbox.public})", name="none")
            return
        now = datetime.now(timezone.utc)
        table = types.TableView(on_click_row=self.open, componentsProps={"table": {"sx": {"minWidth": 0}}})
        row = types.Object()
        for key, label in COLUMNS.items():
            table.add_column(key, label=label)
            row.str(key)
        panel.list("runs", row, view=table)
        panel.md("Click a run for its result, error and log. Times are UTC.", name="hint")
        ctx.panel.state.rows = [run["id"] for run in runs]
        ctx.panel.data.runs = [_row(run, now) for run in runs]

    def _one(self, panel: types.Object, signalbox: Signalbox, run_id: str) -> bool:
        """Show a run, and tell whether there may be more of it later."""
        run = signalbox.run(run_id)
        panel.md(_heading(run, signalbox.public), name="heading")
        failure = run.get("failure")
        if failure:
            alert = types.AlertView(severity="error", label="Failed", description=_text(failure["message"], 500))
            panel.view("failure", alert)
            if failure.get("stack"):
                panel.md("**Where**\n\n" + _block(failure["stack"]), name="stack")
        if run.get("result") is not None:
            text = json.dumps(run["result"], indent=2, ensure_ascii=False)
            panel.md("**Result**\n\n" + _block(text, "json"), name="result")
        log, complete = signalbox.log(run_id)
        panel.md("**Log**\n\n" + _block(log), name="log")
        return not (complete and run["ended_at"])


COLUMNS = {"run": "Run", "status": "Status", "scheduled": "Scheduled", "where": "Where", "by": "By"}


def _row(run: Dict[str, Any], now: datetime) -> Dict[str, str]:
    """Write a run as a row of the table."""
    return {
        "run": _line(run["label"] or run["operator"]),
        "status": f"{run['status'].capitalize()} {_more(run)}".rstrip(),
        "scheduled": _time(run["scheduled_at"], now),
        "where": _line(run["orchestrator"]),
        "by": _line(run["created_by"]["name"]),
    }


def _heading(run: Dict[str, Any], public: str) -> str:
    """Write in Markdown what a run is and how it stands, with the link to its page."""
    page = f"{public}/runs/{quote(run['id'], safe='')}"
    now = datetime.now(timezone.utc)
    said = {
        "Operator": run["operator"],
        "Where": run["orchestrator"],
        "By": run["created_by"]["name"],
        "Scheduled": _time(run["scheduled_at"], now),
        "Started": _time(run["started_at"], now),
        "Ended": _time(run["ended_at"], now),
    }
    facts = [f"- {name}: {_text(value)}" for name, value in said.items() if value]
    title = f"**{_text(run['label'] or run['operator'])}** · {_text(run['status'].capitalize())} {_text(_more(run))}"
    return "\n".join([title, "", *facts, f"- [Open in Signalbox]({page})"])


def _more(run: Dict[str, Any]) -> str:
    """Tell how far a run is, or why it failed or waits."""
    progress, failure = run.get("progress") or {}, run.get("failure") or {}
    more = ""
    if run["status"] == "running":
        fraction = progress.get("fraction")
        more = " ".join(filter(None, [f"{fraction:.0%}" if fraction is not None else "", progress.get("label")]))
    elif run["status"] == "failed":
        more = failure.get("message") or ""
    elif run["status"] == "scheduled" and run.get("queue"):
        more = f"number {run['queue']['position']} in the queue"
    return _line(more, 120)


def _time(text: Optional[str], now: datetime) -> str:
    if not text:
        return ""
    at = datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
    return f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M}"


def _line(text: str, most: int = 80) -> str:
    """Write any text in one line."""
    line = " ".join(str(text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _text(text: str, most: int = 200) -> str:
    """Write any text so that Markdown shows it as it is, in one line."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", _line(text, most))


def _block(text: str, language: str = "text") -> str:
    """Write any text so that Markdown shows it as it is, with its lines; of a long one the end."""
    if len(text) > BLOCK_MOST:
        text = "…" + text[-BLOCK_MOST:]
    fence = "`" * (2 + max([1, *map(len, re.findall("`+", text))]))
    return f"{fence}{language}\n{text}\n{fence}"


Call = Callable[..., Awaitable[Any]]


def _offering(original: Call) -> Call:
    """Make the App offer, for an operator that can be scheduled, the orchestrator that it would go to."""

    @functools.wraps(original)
    async def resolve(registry: Any, operator: str, params: Dict[str, Any]) -> Any:
        options = await original(registry, operator, params)
        if getattr(options, "allow_delegated_execution", False) and registry.operator_exists(PANEL):
            place = await run_sync_task(_place, operator, params)
            if place:
                options.update(available_orchestrators=[_orchestrator(place, operator)])
        return options

    return resolve


def _place(operator: str, params: Dict[str, Any]) -> Optional[Dict[str, str]]:
    ctx = ExecutionContext(params, operator_uri=PANEL)
    try:
        return Signalbox(ctx).place(ctx, operator)
    except Trouble as e:
        _log.warning("%s cannot be scheduled: %s", operator, e)
        return None


def _orchestrator(place: Dict[str, str], operator: str) -> SimpleNamespace:
    """Describe an orchestrator as the App wants it."""
    return SimpleNamespace(
        id=place["id"],
        instance_id=place["name"],
        description=f"{place['name']}, by Signalbox",
        available_operators=[operator],
        created_at=None,
        updated_at=None,
        deactivated_at=None,
    )


def _signing(original: Call) -> Call:
    """Make the App send its key with what it schedules, if it is to, so that this is the key's owner's."""

    @functools.wraps(original)
    async def execute(operator: str, params: Dict[str, Any], *more: Any, **named: Any) -> Any:
        key = _app_key()
        if key and os.environ.get("SIGNALBOX_SUBMIT_AS_OWNER") == "true":
            params = {"user_request_token": key, **params}
        return await original(operator, params, *more, **named)

    return execute


def _take_part() -> None:
    """Take part in what the App does. This file is executed many times, and replaces its earlier self."""
    server = sys.modules.get("fiftyone.operators.server")
    if server is None:  # this process serves no App
        return
    before: Dict[str, Tuple[Call, Call]] = server.__dict__.setdefault("_signalbox", {})
    for name, around in (("resolve_execution_options", _offering), ("execute_or_delegate_operator", _signing)):
        now = getattr(server, name)
        ours, original = before.get(name, (now, now))
        if now is ours:  # else another plugin stands before it, and keeps what is there
            before[name] = around(original), original
            setattr(server, name, before[name][0])


def register(plugin: Any) -> None:
    """Register what there is; FiftyOne calls this."""
    plugin.register(Runs)
    _take_part()
