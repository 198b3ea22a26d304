"""The decorator for tasks of Flyte, as flytekit would call it."""

from __future__ import annotations

import os
import sys
import unittest
from pathlib import Path
from typing import Any, Dict, Optional
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import fake_orchestrators as fake  # noqa: E402
from fake_work import KEY  # noqa: E402
from test_task import World  # noqa: E402

import signalbox  # noqa: E402
from signalbox import flyte  # noqa: E402

PREFIX = "s3://bucket/metadata/propeller/p-d-e/n3/data/1"
RUN = "01K5ZJ8Q4R7V9WXYZ0ABCDEFGH"


class FlyteTest(World):
    """Each test is a container of Flyte."""

    def setUp(self) -> None:
        """Install the fake with a secret."""
        super().setUp()
        self.container({}, {flyte.SECRET: KEY})

    def container(self, env: Dict[str, str], secrets: Optional[Dict[Any, str]] = None, prefix: str = PREFIX) -> None:
        """Let the function run in it."""
        kept = {"PATH": os.environ.get("PATH", ""), "SIGNALBOX_URL": self.api.url, "FLYTE_ATTEMPT_NUMBER": "1", **env}
        patches = [mock.patch.dict(os.environ, kept, clear=True)]
        if secrets is not None:
            patches.append(mock.patch.dict(sys.modules, {"flytekit": fake.flytekit(prefix, secrets)}))
        for patch in patches:
            patch.start()
            self.addCleanup(patch.stop)

    def test_inputs_say_which_run_it_is(self) -> None:
        """The node is the source, Flyte's own number the try."""

        @flyte.task
        def tidy(threshold: float, signalbox_run: str = "", signalbox_attempt: int = 0) -> Dict[str, float]:
            return {"threshold": threshold, "n": signalbox.context().params["n"]}

        self.assertEqual({"threshold": 0.5, "n": 1}, tidy(threshold=0.5, signalbox_run="R", signalbox_attempt=1))
        self.assertEqual({"n3": 1}, {source: number for source, (number, _) in self.api.claimed.items()})
        self.assertEqual(("n3", "complete", {"result": {"threshold": 0.5, "n": 1}}), self.api.reported)

    def test_an_execution_that_others_started(self) -> None:
        """Nothing is asked."""
        self.container({"FLYTE_INTERNAL_EXECUTION_ID": "f1234567890abcdef"})
        self.assertEqual(7, flyte.task(lambda signalbox_run="": 7)())
        self.assertEqual([], self.api.calls)

    def test_the_environment_says_which_run_it_is(self) -> None:
        """And holds the key."""
        env = {"SIGNALBOX_RUN_ID": "R", "SIGNALBOX_ATTEMPT": "1", "SIGNALBOX_ORCHESTRATOR_KEY": KEY}
        self.container(env, {}, prefix="")
        flyte.task(lambda: 7)()
        self.assertEqual(("main", "complete", {"result": 7}), self.api.reported)

    def test_the_name_of_the_execution_says_which_run_it_is(self) -> None:
        """As Signalbox names it."""
        self.container({"FLYTE_INTERNAL_EXECUTION_ID": f"s{RUN.lower()}-12"})
        self.assertEqual((RUN, 12), flyte._ids({}))
        with self.assertRaises(signalbox.WorkError):  # it is none of this orchestrator's
            flyte.task(lambda: 7)()
        self.assertEqual((RUN, 12), tuple(self.api.bodies["claim"][0][k] for k in ("run_id", "attempt")))

    def test_a_mapped_task(self) -> None:
        """Its index is part of the source."""
        index = {"BATCH_JOB_ARRAY_INDEX_VAR_NAME": "INDEX", "INDEX": "4", "BATCH_JOB_ARRAY_INDEX_OFFSET": "10"}
        self.container(index, {flyte.SECRET: KEY}, PREFIX + "/4/0")
        self.assertEqual("n3[14]", flyte.source())

    def test_a_task_in_a_sub_workflow(self) -> None:
        """Its source is the node's name in the execution, of which each is another."""
        for prefix, want in {
            PREFIX: "n3",
            PREFIX + "/n0/0": "n3-1-n0",
            PREFIX + "/n0/0/dn2/1": "n3-1-n0-0-dn2",
            PREFIX + "/n0/0/dn2/1/a-longer-name/0": "fyvjfnry",
        }.items():
            self.container({}, {}, prefix)
            self.assertEqual(want, flyte.source())
        self.container({"BATCH_JOB_ARRAY_INDEX_VAR_NAME": "INDEX", "INDEX": "4"}, {}, PREFIX + "/n0/0/4/0")
        self.assertEqual("n3-1-n0[4]", flyte.source())

    def test_a_task_in_a_branch(self) -> None:
        """The pod's name tells what the folder, which is the branch's, does not."""
        execution = f"s{RUN.lower()}-1"
        env = {"FLYTE_INTERNAL_EXECUTION_ID": execution, "HOSTNAME": f"{execution}-n3-0-n0-1"}
        self.container(env, {})
        self.assertEqual("n3-0-n0", flyte.source())
        self.container({**env, "HOSTNAME": "laptop"}, {})
        self.assertEqual("n3", flyte.source())

    def test_a_run_that_is_over(self) -> None:
        """Ends quietly without outputs; Flyte knows no other way to leave a task undone."""
        self.api.state = "over"
        self.container({"SIGNALBOX_RUN_ID": "R", "SIGNALBOX_ATTEMPT": "1"})

        def nothing() -> None:
            self.fail("it began")

        def something() -> int:
            return 1

        self.assertIsNone(flyte.task(nothing)())
        with self.assertRaises(signalbox.Over):
            self.api.claimed.clear()
            flyte.task(something)()

    def test_the_request_for_the_secret(self) -> None:
        """As flytekit's @task wants it."""
        self.assertEqual({"group": "signalbox", "key": "orchestrator_key"}, vars(flyte.secret()))


if __name__ == "__main__":
    unittest.main()
