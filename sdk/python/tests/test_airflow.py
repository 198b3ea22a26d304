"""The decorator and the ready DAG, as Airflow 2 and as Airflow 3 would call them."""

from __future__ import annotations

import json
import logging
import os
import sys
import types
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import fake_orchestrators as fake  # noqa: E402
from fake_work import KEY  # noqa: E402
from test_task import World  # noqa: E402

import signalbox  # noqa: E402
import signalbox.airflow  # noqa: E402
from signalbox.airflow import address, attempt, task  # noqa: E402

OURS = {"signalbox": {"run": "R", "attempt": 1}}


def connection(**named: Any) -> Any:
    """Make a Connection of Airflow."""
    empty = {"conn_id": "signalbox", "conn_type": "http", "host": None, "schema": None, "port": None, "password": None}
    return types.SimpleNamespace(**{**empty, **named})


class AirflowTest(World):
    """Airflow 3."""

    major = 3

    def setUp(self) -> None:
        """Install the fake with a Connection."""
        super().setUp()
        self.airflow = fake.Airflow(self.major)
        self.airflow.connections["signalbox"] = connection(host=self.api.url, password=KEY)
        installed = self.airflow.installed()
        installed.__enter__()
        self.addCleanup(installed.__exit__, None, None, None)
        signalbox.airflow._operator.cache_clear()

    def test_a_function_of_ones_own(self) -> None:
        """Its value is the result, its source and try are Airflow's."""
        self.airflow.task(OURS, map_index=2, try_number=3)

        @task
        def clean(name: str) -> Any:
            """Clean."""
            logging.getLogger("mine").error("hello %s", name)
            return {"cleaned": signalbox.context().params["n"]}

        self.assertEqual(("clean", "Clean."), (clean.__name__, clean.__doc__))
        self.assertEqual({"cleaned": 1}, clean("you"))
        self.assertEqual(("clean[2]", "complete", {"result": {"cleaned": 1}}), self.api.reported)
        self.assertIn("hello you\n", self.api.log("clean[2]", 3))
        self.assertIn(KEY, self.airflow.hidden)

    def test_a_dag_that_others_started(self) -> None:
        """Nothing is asked, and nothing changes; so in a test of the function."""
        for conf in (None, {}, {"other": 1}):
            self.airflow.task(conf)
            self.assertEqual(7, task(lambda: 7)())
        self.airflow.context = None
        self.assertEqual(7, task(lambda: 7)())
        with self.assertRaises(KeyError):
            task(lambda: {}["x"])()
        with attempt() as nothing:
            self.assertIsNone(nothing)
        self.assertEqual([], self.api.calls)

    def test_conf_that_makes_no_sense(self) -> None:
        """It is an error in words."""
        for said in ("R", {"run": "R"}, {"run": 1, "attempt": 1}):
            self.airflow.task({"signalbox": said})
            with self.assertRaisesRegex(fake.AirflowFailException, "conf.signalbox"):
                task(lambda: 7)()

    def test_a_run_that_is_over_is_skipped(self) -> None:
        """At start and at claim."""
        for state in ("over", "ended"):
            self.api.state = state
            self.airflow.task(OURS)
            with self.assertRaisesRegex(fake.AirflowSkipException, "nothing to do"):
                task(lambda: self.fail("it began"))()

    def test_an_error_stays_what_it_is(self) -> None:
        """It is also reported."""
        self.airflow.task(OURS)
        with self.assertRaises(KeyError):
            task(lambda: {}["colour"])()
        assert self.api.reported is not None
        self.assertEqual("KeyError: 'colour'", self.api.reported[2]["message"])

    def test_what_steers_airflow_is_no_failure(self) -> None:
        """Skipping, and going on elsewhere: there the same try claims again."""
        for error in (fake.AirflowSkipException, fake.TaskDeferred):
            self.airflow.task(OURS)

            def steer(error: Any = error) -> None:
                logging.getLogger("mine").error("a line")
                raise error()

            with self.assertRaises(error):
                task(steer)()
        self.assertIsNone(self.api.reported)
        self.assertEqual(2, self.api.log("clean", 1).count("a line"))

    def test_a_stop_is_not_tried_again(self) -> None:
        """By interruption."""
        self.airflow.task(OURS)
        self.api.answer = {"heartbeat_seconds": 0.01}

        @task(interrupt=True)
        def long() -> None:
            self.api.stop = True
            __import__("time").sleep(60)

        with self.assertRaisesRegex(fake.AirflowFailException, "stopped in Signalbox"):
            long()
        self.assertIsNone(self.api.reported)

    def test_only_the_place_of_the_log(self) -> None:
        """The remote one where there is one, by Airflow's own template."""
        self.airflow.task(OURS)
        self.airflow.settings = {
            "base_log_folder": "/logs/",
            "log_filename_template": "{{ ti.task_id }}/{{ try_number }}.log",
        }
        form = types.SimpleNamespace(Template=lambda text: Template(text))
        with mock.patch.dict(sys.modules, {"jinja2": form}):  # type: ignore[dict-item]
            task(lambda: None, logs="path")()
            self.airflow.settings.update(remote_logging=True, remote_base_log_folder="s3://logs/x")
            self.airflow.task(OURS, try_number=2)
            task(lambda: None, logs="path")()
        uris = [said["uri"] for said in self.api.bodies["log-path"]]
        self.assertEqual(["file:///logs/clean/1.log", "s3://logs/x/clean/2.log"], uris)
        self.assertEqual("", self.api.log("clean", 1))

    def test_a_place_that_cannot_be_told_fails_nothing(self) -> None:
        """The template may be one that only Airflow itself can fill in."""
        self.airflow.task(OURS)
        form = types.SimpleNamespace(Template=mock.Mock(side_effect=RuntimeError("unexpected '}'")))
        with mock.patch.dict(sys.modules, {"jinja2": form}):  # type: ignore[dict-item]
            self.assertEqual(7, task(lambda: 7, logs="path")())
        self.assertNotIn("log-path", self.api.bodies)
        self.assertEqual("complete", self.api.reported and self.api.reported[1])

    def test_below_the_wrong_decorator(self) -> None:
        """It says where it belongs."""
        decorated = mock.Mock(operator_class=object)
        with self.assertRaisesRegex(TypeError, "below Airflow's @task"):
            task(decorated)

    def test_no_connection(self) -> None:
        """The environment is asked, or the error is Airflow's."""
        self.airflow.connections.clear()
        self.airflow.task(OURS)
        with self.assertRaises(fake.AirflowNotFoundException):
            task(lambda: 7)()
        with mock.patch.dict(os.environ, {"SIGNALBOX_URL": self.api.url, "SIGNALBOX_ORCHESTRATOR_KEY": KEY}):
            self.assertEqual(7, task(lambda: 7)())

    def test_the_ready_dag(self) -> None:
        """Its task runs the command, and says in Airflow's words how it ended."""
        dag = signalbox.airflow.dag("mine", tags=["x"])
        (run,) = dag.tasks
        self.assertEqual(("mine", None, ["x"]), (dag.dag_id, dag.named["schedule"], dag.named["tags"]))
        self.assertEqual({"task_id": "run", "retries": 0}, run.named)
        self.airflow.task(OURS, task_id="run")
        self.api.command(
            {"do.sh": "echo hello; echo $PW > $SIGNALBOX_RESULT"}, ["sh", "do.sh"], secrets={"PW": "123456"}
        )
        with self.assertLogs("airflow.task") as shown:
            run.execute(self.airflow.context)
        self.assertEqual(("run", "complete", {"result": 123456}), self.api.reported)
        self.assertIn("INFO hello", shown.output[0])
        self.assertIn("123456", self.airflow.hidden)
        run.on_kill()

    def test_the_ready_dag_fails_and_skips(self) -> None:
        """A status, a run that is over, and one that nobody sent."""
        run = signalbox.airflow.SignalboxOperator(task_id="run")
        self.airflow.task(OURS, task_id="run")
        self.api.command({"do.sh": "exit 4"}, ["sh", "do.sh"])
        with self.assertRaisesRegex(fake.AirflowFailException, "exit status 4"):
            run.execute(self.airflow.context)
        self.api.state = "over"
        with self.assertRaises(fake.AirflowSkipException):
            run.execute(self.airflow.context)
        self.airflow.task({})
        with self.assertRaisesRegex(fake.AirflowFailException, "conf.signalbox is missing"):
            run.execute(self.airflow.context)


class Airflow2Test(AirflowTest):
    """The same in Airflow 2."""

    major = 2


class Template:
    """What of jinja2 a template of a log's name needs."""

    def __init__(self, text: str) -> None:
        """Take the template."""
        self.text = text

    def render(self, ti: Any, try_number: int, ts: str) -> str:
        """Fill it."""
        return self.text.replace("{{ ti.task_id }}", ti.task_id).replace("{{ try_number }}", str(try_number))


class AddressTest(unittest.TestCase):
    """What people enter in a Connection."""

    def test_addresses(self) -> None:
        """The whole, or in parts."""
        for named, url in (
            ({"host": "https://s.example.com/base/"}, "https://s.example.com/base"),
            ({"host": "s.example.com"}, "http://s.example.com"),
            ({"host": "s.example.com", "schema": "https", "port": 8443}, "https://s.example.com:8443"),
            ({"host": "s.example.com", "conn_type": "https"}, "https://s.example.com"),
            ({"host": "s.example.com", "conn_type": "generic"}, "https://s.example.com"),
        ):
            self.assertEqual((url, "k"), address(connection(password=" k ", **named)))
        for named in ({"host": "x"}, {"password": "k"}):
            with self.assertRaisesRegex(ValueError, "'signalbox' needs a host"):
                address(connection(**named))


class ExampleTest(unittest.TestCase):
    """The package is only needed, Airflow is not."""

    def test_nothing_is_imported_early(self) -> None:
        """Importing the module asks for no Airflow and no flytekit."""
        script = (
            "import json, sys, signalbox.airflow, signalbox.flyte, signalbox\n"
            "print(json.dumps([m for m in sys.modules if m in ('airflow', 'flytekit')]))"
        )
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
        out = __import__("subprocess").run([sys.executable, "-c", script], env=env, check=True, capture_output=True)
        self.assertEqual([], json.loads(out.stdout))


if __name__ == "__main__":
    unittest.main()
