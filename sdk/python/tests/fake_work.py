"""A work API that behaves, over real HTTP in this process: claims, tokens, states, log chunks, reports."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, List, Optional, Tuple
from urllib.parse import parse_qs, urlsplit

KEY = "sbo_the-orchestrators-key"


class Refusal(Exception):
    """An answer with a status and a code."""

    def __init__(self, status: int, code: str, **more: Any) -> None:
        """Take what the problem says."""
        super().__init__(code)
        self.status = status
        self.body = {"status": status, "code": code, "detail": f"refused: {code}", **more}


def archive(files: Dict[str, str], executable: Tuple[str, ...] = ()) -> bytes:
    """Pack files as a plugin."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100755 if name in executable else 0o100644) << 16
            z.writestr(info, text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


class Server(ThreadingHTTPServer):
    """Says nothing of clients that hang up."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do nothing."""


class WorkAPI:
    """One run with one attempt. Tests set its state and read what was kept."""

    def __init__(self) -> None:
        """Start on a free port, with a run that is open."""
        self.changed = threading.Condition()
        self.state = "open"  # open, over, ended
        self.stop = False
        self.claimed: Dict[str, Tuple[int, str]] = {}  # source → try, nonce
        self.tokens: Dict[str, Tuple[str, int]] = {}
        self.chunks: Dict[Tuple[str, int], List[bytes]] = {}
        self.calls: List[str] = []
        self.bodies: Dict[str, List[Any]] = {}
        self.reported: Optional[Tuple[str, str, Any]] = None  # source, kind, body
        self.started = False
        self.away = 0  # answers that get lost
        self.expire = False  # the next call with a token is refused
        self.answer: Dict[str, Any] = {}
        self.zip = archive({"fiftyone.yml": "name: x"})
        self.server = Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        """End the server."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def command(self, files: Dict[str, str], argv: List[str], executable: Tuple[str, ...] = (), **more: Any) -> None:
        """Let the run's operator be a command of a plugin."""
        self.zip = archive(files, executable)
        self.answer = {"command": {"argv": argv, "executor": "", "timeout_seconds": 60}, **more}

    def log(self, source: str = "main", number: int = 0) -> str:
        """Give the log of a source's try."""
        with self.changed:
            return b"".join(self.chunks.get((source, number), [])).decode()

    def wait(self, what: Any) -> None:
        """Wait until something is true of what was kept."""
        with self.changed:
            if not self.changed.wait_for(what, timeout=20):
                raise AssertionError(f"it did not happen: {self.calls}, {self.chunks}")

    def count(self, call: str) -> int:
        """Count the calls of a kind."""
        return self.calls.count(call)

    def _handler(api) -> Any:  # noqa: N805 - the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                key = (self.headers["Authorization"] or "").partition(" ")[2]
                status, kind, data = 200, "application/json", b""
                try:
                    with api.changed:
                        said = api._take(urlsplit(self.path), key, body)
                        api.changed.notify_all()
                        lost = api.away > 0
                        api.away -= lost
                    if lost:
                        self.close_connection = True
                        return
                    if isinstance(said, bytes):
                        kind, data = "application/zip", said
                    elif said is None:
                        status = 204
                    else:
                        data = json.dumps(said).encode()
                except Refusal as e:
                    status, kind, data = e.status, "application/problem+json", json.dumps(e.body).encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                return

        return Handler

    def _take(self, path: Any, key: str, body: bytes) -> Any:
        parts = path.path.removeprefix("/api/v1/work/").split("/")
        self.calls.append(parts[-1])
        if parts == ["claim"]:
            if key != KEY:
                raise Refusal(401, "unauthenticated")
            return self._claim(json.loads(body))
        if self.expire or key not in self.tokens or parts[0] != "R":
            self.expire = False
            raise Refusal(401, "unauthenticated")
        source, number = self.tokens[key]
        if self.claimed[source][0] > number:
            raise Refusal(409, "conflict")
        if parts[1] == "logs":
            return self._log((source, number), int(parse_qs(path.query)["seq"][0]), body)
        if parts[1] == "plugin":
            return self.zip
        said = json.loads(body)
        self.bodies.setdefault(parts[1], []).append(said)
        if self.state == "ended":
            raise Refusal(409, "conflict")
        return getattr(self, "_" + parts[1].replace("-", "_"))(source, said)

    def _claim(self, said: Dict[str, Any]) -> Dict[str, Any]:
        self.bodies.setdefault("claim", []).append(said)
        if said["run_id"] != "R":
            raise Refusal(404, "not_found")
        if self.state == "ended" or said["attempt"] != 1:
            raise Refusal(409, "conflict")
        source, number, nonce = said["source"], said["try"], said["nonce"]
        last = self.claimed.get(source, (-1, ""))
        if last[0] > number or last[0] == number and last[1] != nonce:
            raise Refusal(409, "conflict")
        if last[0] < number and self.reported and self.reported[0] == source:
            self.reported = None
        self.claimed[source] = (number, nonce)
        token = f"sbr_{len(self.calls)}-for-{source}"
        self.tokens[token] = (source, number)
        plugin = {"name": "@a/b", "revision": 1, "sha256": hashlib.sha256(self.zip).hexdigest(), "root": ""}
        return {
            "token": token,
            "end_token": "sbe_end",
            "heartbeat_seconds": 0.05,
            "operator": "@a/b/c",
            "params": {"n": 1},
            "view": None,
            "dataset": {"id": "D", "name": "birds"},
            "plugin": plugin,
            "secrets": {},
            "command": None,
            **self.answer,
        }

    def _start(self, _source: str, _said: Any) -> Dict[str, Any]:
        if self.state != "open" or self.stop:
            raise Refusal(409, "run_over")
        self.started = True
        return {}

    def _heartbeat(self, _source: str, _said: Any) -> Dict[str, Any]:
        return {"stop": self.stop}

    def _progress(self, _source: str, _said: Any) -> Optional[Dict[str, Any]]:
        return {} if self.state == "open" else None

    def _log_path(self, _source: str, _said: Any) -> Dict[str, Any]:
        return {}

    def _environment(self, _source: str, _said: Any) -> Dict[str, Any]:
        return {}

    def _complete(self, source: str, said: Any) -> Dict[str, Any]:
        return self._report(source, "complete", said)

    def _fail(self, source: str, said: Any) -> Dict[str, Any]:
        return self._report(source, "fail", said)

    def _report(self, source: str, kind: str, said: Any) -> Dict[str, Any]:
        report = (source, kind, said)
        if report == self.reported:
            return {}
        if self.state == "over":
            raise Refusal(409, "run_over")
        if self.reported and self.reported[0] in ("main", source):
            raise Refusal(409, "conflict")
        self.reported = report
        return {}

    def _log(self, process: Tuple[str, int], seq: int, body: bytes) -> Dict[str, Any]:
        kept = self.chunks.setdefault(process, [])
        if not body:
            raise Refusal(400, "invalid")
        if len(body) > 1 << 20:
            raise Refusal(413, "too_large")
        if seq > len(kept):
            raise Refusal(409, "conflict", want=len(kept))
        if seq < len(kept) and kept[seq] != body:
            raise Refusal(409, "conflict")
        if seq == len(kept):
            kept.append(body)
        return {"next": seq + 1}
