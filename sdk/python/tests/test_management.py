"""The management package against an API that is a real HTTP server in this process, and says what it is told to."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import unittest
import zipfile
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Dict, List, Tuple
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import signalbox.management as fom  # noqa: E402
from signalbox.management import client, roles  # noqa: E402

KEY = "sbk_planted"
Answer = Tuple[int, Any, Dict[str, str]]  # a status, 0 for none; a body; headers


class API:
    """Keeps what it is asked, and answers what it is told to."""

    def __init__(self) -> None:
        """Start on a free port."""
        self.asked: List[str] = []
        self.sent: List[Any] = []
        self.keys: List[str] = []
        self.answers: List[Answer] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                api.asked.append(f"{self.command} {self.path}")
                api.keys.append(self.headers["Authorization"] or "")
                api.sent.append(json.loads(body) if body.startswith(b"{") else body)
                status, said, headers = api.answers.pop(0)
                if status == 0:  # the answer is lost
                    self.close_connection = True
                    return
                data = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, format: str, *args: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def say(self, status: int, body: Any = b"", **headers: str) -> None:
        """Answer a request to come."""
        self.answers.append((status, body, {k.replace("_", "-"): v for k, v in headers.items()}))

    def close(self) -> None:
        """End the server."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def page(*items: Any, then: str = "") -> Any:
    """Make a page of a list."""
    return {"items": list(items), "next_cursor": then or None}


def named(name: str) -> Any:
    """Make something that a list shows."""
    return {"id": "I-" + name, "name": name}


class ManagementTest(unittest.TestCase):
    """Each test has an API and an environment of its own."""

    def setUp(self) -> None:
        """Start it, and let the environment name it."""
        self.api = API()
        self.addCleanup(self.api.close)
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.home = Path(home.name)
        self.environment(SIGNALBOX_URL=self.api.url + "/", SIGNALBOX_API_KEY=KEY)

    def environment(self, **env: str) -> None:
        """Change the environment for the rest of the test; what is not given is not there."""
        wanted = {
            "XDG_CONFIG_HOME": str(self.home),
            "SIGNALBOX_URL": "",
            "SIGNALBOX_API_KEY": "",
            "SIGNALBOX_PROFILE": "",
        }
        patch = mock.patch.dict(os.environ, {**wanted, **env})
        patch.start()
        self.addCleanup(patch.stop)
        self.addCleanup(fom.reload_api_connection)
        fom.reload_api_connection()


class CallTest(ManagementTest):
    """What goes over the wire."""

    def test_a_form(self) -> None:
        """What is not given is not sent; what is wrong comes as faults, and a failure with its stack."""
        said = {
            "operator": "@a/b/c",
            "plugin_revision": 2,
            "inputs_schema": {"kind": "json_schema", "schema": {"type": "object"}},
            "hints": {},
            "inputs": None,
            "errors": [{"location": "body.params.n", "message": "too small"}],
            "label": "C",
            "dynamic": True,
            "failure": None,
        }
        self.api.say(200, said)
        form = fom.get_operator_form("@a/b/c", {"n": 0}, dataset="d", selected=("1",))
        self.assertEqual("POST /api/v1/operators/%40a%2Fb%2Fc/form", self.api.asked[-1])
        self.assertEqual({"params": {"n": 0}, "dataset": "d", "selection": {"samples": ["1"]}}, self.api.sent[-1])
        self.assertEqual(({"type": "object"}, (fom.Fault("body.params.n", "too small"),)), (form.schema, form.faults))
        self.assertEqual("", form.failure)
        self.api.say(200, {**said, "inputs_schema": None, "failure": {"message": "KeyError", "stack": "at x"}})
        form = fom.get_operator_form("@a/b/c")
        self.assertEqual({}, self.api.sent[-1])
        self.assertEqual((None, "KeyError\nat x"), (form.schema, form.failure))

    def test_lists_are_read_to_their_end(self) -> None:
        """A page at a time, with the key in a header alone."""
        self.api.say(200, page({"name": "a", "enabled": True}, then="n x"))
        self.api.say(200, page({"name": "b", "enabled": False}, {"name": "c", "enabled": True}))
        self.assertEqual(["a", "c"], fom.list_orchestrators())
        self.assertEqual(
            ["GET /api/v1/orchestrators?limit=500", "GET /api/v1/orchestrators?limit=500&cursor=n+x"], self.api.asked
        )
        self.assertEqual(["Bearer " + KEY] * 2, self.api.keys)

    def test_a_read_is_tried_again(self) -> None:
        """Where the answer is lost, and where the server asks for patience."""
        self.api.say(0)
        self.api.say(503, {"code": "unavailable", "detail": "soon"}, Retry_After="0")
        self.api.say(200, {})
        with mock.patch.object(client, "_FIRST_PAUSE", 0.001):
            fom.test_api_connection()
        self.assertEqual(3, len(self.api.asked))

    def test_a_read_is_not_tried_for_ever(self) -> None:
        """Four times."""
        for _ in range(4):
            self.api.say(503, {"code": "unavailable", "detail": "the database is away"})
        with mock.patch.object(client, "_FIRST_PAUSE", 0.001):
            with self.assertRaisesRegex(fom.UnavailableError, "the database is away"):
                fom.test_api_connection()
        self.assertEqual([], self.api.answers)

    def test_a_change_is_made_once(self) -> None:
        """Whatever becomes of the answer: it may have been carried out."""
        for status in (0, 503):
            self.api.say(status, {"code": "unavailable", "detail": "away"})
            with self.assertRaises(fom.UnavailableError):
                fom.add_secret("KEY", "hush-hush")
        self.assertEqual(["POST /api/v1/secrets"] * 2, self.api.asked)

    def test_errors_say_what_the_server_says(self) -> None:
        """Each code is an exception, whose text has every fault and no value."""
        for code, kind, also in (
            ("invalid", fom.InvalidError, ValueError),
            ("unauthenticated", fom.AuthenticationError, fom.ManagementError),
            ("forbidden", fom.ForbiddenError, fom.ManagementError),
            ("not_found", fom.NotFoundError, LookupError),
            ("gone", fom.NotFoundError, LookupError),
            ("conflict", fom.ConflictError, fom.ManagementError),
            ("something_new", fom.ManagementError, Exception),
        ):
            with self.subTest(code):
                faults = [{"location": "body.value", "message": "too short", "value": "hush"}]
                self.api.say(418, {"code": code, "detail": "it is not so", "errors": faults}, X_Request_Id="R1")
                with self.assertRaises(kind) as caught:
                    fom.update_secret("KEY", value="hush")
                e = caught.exception
                self.assertIsInstance(e, also)
                self.assertEqual("it is not so\n  body.value: too short", str(e))
                self.assertEqual((code, 418, "R1"), (e.code, e.status, e.request_id))
                self.assertEqual((fom.Fault("body.value", "too short"),), e.faults)

    def test_what_is_no_answer_of_signalbox(self) -> None:
        """A page of somebody else's, and a redirect, which would take the key along."""
        for status, headers in ((404, {}), (200, {}), (302, {"Location": "/elsewhere"})):
            with self.subTest(status):
                self.api.say(status, b"<html>", **headers)
                with self.assertRaisesRegex(fom.UnavailableError, re.escape(self.api.url)):
                    fom.test_api_connection()
        self.assertEqual(["GET /api/v1/me"] * 3, self.api.asked)

    def test_the_key_is_shown_nowhere(self) -> None:
        """Neither by the connection nor by an error, also where the key cannot be sent."""
        self.assertNotIn(KEY, repr(client.api()))
        for key in (KEY + "\n", KEY + "é"):
            self.environment(SIGNALBOX_URL=self.api.url, SIGNALBOX_API_KEY=key)
            with self.assertRaises(fom.AuthenticationError) as caught:
                fom.test_api_connection()
            self.assertNotIn(KEY, str(caught.exception))

    def test_names_in_addresses(self) -> None:
        """They are taken as they are; one with a slash becomes an id, because proxies read it as two."""
        self.api.say(204)
        fom.delete_user("ann+ä?@example.org")
        self.api.say(200, page(named("@a/c"), named("@a/b")))
        self.api.say(204)
        fom.delete_plugin("@a/b")
        self.api.say(200, page())
        self.api.say(404, {"code": "not_found", "detail": "there is none"})
        with self.assertRaises(fom.NotFoundError):
            fom.delete_plugin("@a/x")
        self.assertEqual(
            [
                "DELETE /api/v1/users/ann%2B%C3%A4%3F%40example.org",
                "GET /api/v1/plugins?limit=500",
                "DELETE /api/v1/plugins/I-%40a%2Fb",
                "GET /api/v1/plugins?limit=500",
                "DELETE /api/v1/plugins/%40a%2Fx",
            ],
            self.api.asked,
        )
        for nothing in ("", ".", ".."):
            with self.assertRaises(fom.InvalidError):
                fom.delete_user(nothing)

    def test_who_manages_a_dataset_shares_it(self) -> None:
        """Nothing is asked that only admins may; an email that nobody has is invited."""
        self.api.say(204)
        fom.set_dataset_user_permission("cats", "ann@example.org", fom.EDIT, invite=True)
        self.api.say(404, {"code": "not_found", "detail": "nobody"})
        self.api.say(201, {})
        fom.set_dataset_user_permission("cats", "new@example.org", "view", invite=True)
        self.api.say(404, {"code": "not_found", "detail": "nobody"})
        with self.assertRaises(fom.NotFoundError):
            fom.set_dataset_user_permission("cats", "new@example.org", "view")
        self.assertEqual(
            [
                "PUT /api/v1/datasets/cats/access/users/ann%40example.org",
                "PUT /api/v1/datasets/cats/access/users/new%40example.org",
                "POST /api/v1/datasets/cats/access/invitations",
                "PUT /api/v1/datasets/cats/access/users/new%40example.org",
            ],
            self.api.asked,
        )
        self.assertEqual({"email": "new@example.org", "permission": "view"}, self.api.sent[2])

    def test_times(self) -> None:
        """With and without a fraction, of any length."""
        for text, want in (
            ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)),
            ("2026-01-02T03:04:05.5Z", datetime(2026, 1, 2, 3, 4, 5, 500000, tzinfo=timezone.utc)),
            ("2026-01-02T04:04:05.123456789+01:00", datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=timezone.utc)),
        ):
            self.assertEqual(want, client.moment(text))
        self.assertIsNone(client.moment(None))


class EnvironmentTest(ManagementTest):
    """Where the server and the key come from."""

    def profiles(self, text: str, mode: int = 0o600) -> None:
        """Keep what a login keeps."""
        file = self.home / "signalbox" / "credentials"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def both(self) -> str:
        """Make two profiles, of which the first is in use."""
        kept = {"here": {"url": self.api.url, "key": KEY}, "there": {"url": "http://there.example", "key": "sbk_there"}}
        return json.dumps({"current": "here", "profiles": kept})

    def test_a_profile_is_used_where_the_environment_says_nothing(self) -> None:
        """The one in use, or the one that is named."""
        self.profiles(self.both())
        self.environment()
        self.assertEqual((self.api.url, KEY), (client.api().url, client.api().key))
        self.environment(SIGNALBOX_PROFILE="there")
        self.assertEqual("sbk_there", client.api().key)
        self.environment(SIGNALBOX_URL="http://other.example", SIGNALBOX_API_KEY="sbk_other")
        self.assertEqual(("http://other.example", "sbk_other"), (client.api().url, client.api().key))

    def test_the_key_of_a_profile_is_for_its_server_alone(self) -> None:
        """Another address needs another key."""
        self.profiles(self.both())
        self.environment(SIGNALBOX_URL="http://other.example")
        with self.assertRaisesRegex(fom.AuthenticationError, "signalbox login"):
            fom.test_api_connection()

    def test_without_anything(self) -> None:
        """It says what to do."""
        self.environment()
        with self.assertRaisesRegex(fom.AuthenticationError, "127.0.0.1:8265.*SIGNALBOX_API_KEY"):
            fom.test_api_connection()

    def test_what_is_wrong_is_told(self) -> None:
        """A file that others read, no JSON, a profile that is not there, an address that is none."""
        for what, text, mode, env in (
            ("others can read", self.both(), 0o644, {}),
            ("cannot be read", "{", 0o600, {}),
            ("cannot be read", '["x"]', 0o600, {}),
            ("no profile 'x'", self.both(), 0o600, {"SIGNALBOX_PROFILE": "x"}),
            ("SIGNALBOX_URL", self.both(), 0o600, {"SIGNALBOX_URL": "127.0.0.1:8265", "SIGNALBOX_API_KEY": KEY}),
        ):
            with self.subTest(what):
                self.profiles(text, mode)
                self.environment(**env)
                with self.assertRaisesRegex(fom.InvalidError, what):
                    fom.test_api_connection()

    def test_loopback_needs_no_proxy(self) -> None:
        """It would look for the server on its own machine."""
        self.api.say(200, {})
        script = "import signalbox.management as fom; fom.test_api_connection()"
        env = {**os.environ, "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9", "no_proxy": ""}

        subprocess.run([sys.executable, "-c", script], env={**env, "PYTHONPATH": str(ROOT)}, check=True, timeout=60)


class WordsTest(unittest.TestCase):
    """Roles, permissions, and what functions are called."""

    def test_roles_and_permissions_are_told_apart(self) -> None:
        """Enums, or their names in any case."""
        self.assertIs(fom.MEMBER, roles.role("Member"))
        self.assertIs(fom.NO_ACCESS, roles.permission("NO_ACCESS"))
        self.assertIs(fom.NO_ACCESS, roles.permission("none"))
        for read, given in (
            (roles.role, fom.EDIT),
            (roles.role, "edit"),
            (roles.permission, fom.MEMBER),
            (roles.role, 1),
        ):
            with self.assertRaisesRegex(fom.InvalidError, "is not a .*; it is one of "):
                read(given)  # type: ignore[operator]

    def test_every_function_is_documented_and_walked(self) -> None:
        """The table of docs/python.md says what the docstrings say; the walk through a real server calls each."""
        walked = (ROOT / "tests" / "live_management.py").read_text(encoding="utf-8")
        told = (ROOT.parent.parent / "docs" / "python.md").read_text(encoding="utf-8")
        functions = [name for name in fom.__all__ if inspect.isfunction(getattr(fom, name))]
        self.assertEqual(77, len(functions))
        self.assertEqual(
            [], [name for name in functions if f"fom.{name}(" not in walked and f"fom.{name}," not in walked]
        )
        rows = []
        for name in functions:
            calls = re.findall(
                r"(?:GET|POST|PUT|PATCH|DELETE) /[a-z{}/_-]*[a-z}]", inspect.getdoc(getattr(fom, name)) or ""
            )
            if calls:
                rows.append(f"| `{name}` | {', '.join(f'`{c}`' for c in calls)} |")
        self.assertEqual(sorted(rows), sorted(line for line in told.splitlines() if line.startswith("| `")))


class PackTest(ManagementTest):
    """A plugin's folder as it is sent."""

    def setUp(self) -> None:
        """Make a folder with what a plugin's folder holds."""
        super().setUp()
        self.folder = self.home / "plugin"
        for name in ("fiftyone.yml", "run.sh", "lib/b.py", "lib/a.py", "lib/__pycache__/a.pyc", ".git/config", "c.pyc"):
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(name)
        (self.folder / "run.sh").chmod(0o755)

    def upload(self) -> bytes:
        """Send it, and give the archive."""
        self.api.say(409, {"code": "conflict", "detail": "it is there"})
        with self.assertRaises(fom.ConflictError):
            fom.upload_plugin(str(self.folder), overwrite=True)
        self.assertEqual("POST /api/v1/plugins?overwrite=true", self.api.asked[-1])
        sent: bytes = self.api.sent[-1]
        return sent

    def test_an_archive_holds_what_belongs_to_the_plugin(self) -> None:
        """In the order of names, with whether it can be executed, and the same bytes each time."""
        first = self.upload()
        os.utime(self.folder / "run.sh", (1, 1))
        self.assertEqual(first, self.upload())
        (self.home / "sent.zip").write_bytes(first)
        with zipfile.ZipFile(self.home / "sent.zip") as z:
            modes = {i.filename: oct(i.external_attr >> 16) for i in z.infolist()}
        self.assertEqual(["fiftyone.yml", "lib/a.py", "lib/b.py", "run.sh"], list(modes))
        self.assertEqual(("0o100644", "0o100755"), (modes["lib/a.py"], modes["run.sh"]))

    def test_what_is_no_plugin_is_not_sent(self) -> None:
        """A link, a folder without a manifest, nothing at all."""
        (self.folder / "link").symlink_to("run.sh")
        with self.assertRaisesRegex(fom.InvalidError, "link"):
            fom.upload_plugin(self.folder)
        for path in (self.folder / "lib" / "__pycache__", self.home / "nothing"):
            with self.assertRaises(fom.InvalidError):
                fom.upload_plugin(path)
        self.assertEqual([], self.api.asked)

    def test_a_download_is_whole_or_not_there(self) -> None:
        """Nothing is left of one that failed."""
        target = self.home / "target"
        self.api.say(404, {"code": "not_found", "detail": "there is none"})
        with self.assertRaises(fom.NotFoundError):
            fom.download_plugin("tools", target)
        self.assertEqual([], list(target.iterdir()))
        self.api.say(200, b"PK")
        path = fom.download_plugin("tools", target)
        self.assertEqual((b"PK", [Path(path)]), (Path(path).read_bytes(), list(target.iterdir())))


if __name__ == "__main__":
    unittest.main()
