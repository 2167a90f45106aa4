"""A release: the old version serves until the new one has proved itself, and again whenever something goes wrong."""

import json
import os
import tempfile
import unittest
from pathlib import Path

from local import ACCOUNT, PREFIX
from releasing import (
    KILL,
    LIBRARY,
    MAIN,
    TERMINATE,
    ReleaseTest,
    broken,
    held_by,
    machine,
    same,
)

# Every execution goes to the new version, so that the test knows which one an upload gets.
CANARY = ["release", "local", "--json", "--skip-smoke", "--weight", "100"]


class ReleaseRuns(ReleaseTest):
    def check_old_serves(self):
        weights, _ = self.alias()
        self.assertEqual(weights, {1: 100})
        self.assertEqual(self.alias(LIBRARY)[0], {1: 100})

    def in_canary(self, version):
        running = self.begin(*CANARY, "--minutes", "10")
        running.until_it_says("canary: 0 of")
        self.assertEqual(self.alias(), ({1: 0, version: 100}, f"canary of {version}; stable 1"))
        return running

    def test_a_broken_version_fails_its_smoke_test_and_serves_nobody(self):
        version, _ = self.publish_with("sanitize-file", broken)
        before = self.everything()
        said, facts = self.ends(1, "release", "local", "--json")
        self.assertEqual((facts["outcome"], facts["version"], facts["new"]), ("rolled back", 1, version))
        self.assertIn("in Broken of sanitize-file", said)
        self.assertEqual(self.everything(), before)
        self.check_old_serves()
        self.check_published(self.upload(), 1)

    def test_an_alarm_ends_the_canary(self):
        running = self.in_canary(self.publish(MAIN, same))
        self.set_alarm("ALARM")
        code, facts = running.end()
        self.assertEqual((code, facts["outcome"]), (1, "rolled back"))
        self.assertIn("is in ALARM: The test says so.", facts["reason"])
        self.check_old_serves()
        said, _ = self.ends(2, *CANARY)
        self.assertIn("is in ALARM", said)

    def test_a_failed_execution_ends_the_canary(self):
        running = self.in_canary(self.publish(MAIN, broken))
        arn = self.upload()
        code, facts = running.end()
        self.assertEqual((code, facts["outcome"]), (1, "rolled back"))
        self.assertIn(f"{arn} ended FAILED", facts["reason"])
        self.check_old_serves()

    def test_a_run_that_is_stopped_or_killed_leaves_the_old_version(self):
        version = self.publish(MAIN, same)
        code, facts = self.in_canary(version).stop(TERMINATE)
        self.assertEqual((code, facts["outcome"]), (143, "rolled back"))
        self.check_old_serves()
        # Killed, it cannot: the next run, or a rollback, puts it right.
        for program in ("release", "rollback"):
            self.in_canary(version).stop(KILL)
            self.assertEqual(self.alias()[0], {1: 0, version: 100})
            self.ends(0, program, "local", *(["--mend"] if program == "release" else []))
            self.check_old_serves()

    def test_a_rollback_during_a_canary_is_the_last_word(self):
        running = self.in_canary(self.publish(MAIN, same))
        self.ends(0, "rollback", "local")
        code, facts = running.end()
        self.assertEqual((code, facts["outcome"]), (1, "moved by somebody else"))
        self.check_old_serves()

    def test_what_cannot_be_put_back_is_said_with_the_command_to_run(self):
        running = self.in_canary(self.publish(MAIN, same))
        self.states.delete_state_machine_alias(stateMachineAliasArn=f"{machine(MAIN)}:live")
        code, facts = running.end()
        routes = [{"stateMachineVersionArn": f"{machine(MAIN)}:1", "weight": 100}]
        self.states.create_state_machine_alias(name="live", routingConfiguration=routes)
        self.assertEqual((code, facts["outcome"]), (3, "failed"))
        self.assertIn("COULD NOT BE PUT BACK", facts["reason"])
        self.assertIn("make rollback ENV=local\n", running.stderr())
        self.assertIn(f"stateMachineVersionArn={machine(MAIN)}:1,weight=100", running.stderr())

    def test_an_alias_that_a_person_has_split_is_left_to_them(self):
        version = self.publish(MAIN, same)
        self.serve(MAIN, {1: 70, version: 30}, "trying something")
        said, facts = self.ends(2, *CANARY)
        self.assertIn("is split by hand: version 1 (70 %)", said)
        self.assertEqual(facts["outcome"], "refused")
        self.assertEqual(self.alias(), ({1: 70, version: 30}, "trying something"))

    def test_half_an_apply_changes_nothing_for_anybody(self):
        for child in ("sanitize-file", "preprocess-video"):
            self.publish(child, broken)
        self.check_published(self.upload(), 1)
        self.check_old_serves()

    def test_a_good_release_completes_and_can_be_taken_back(self):
        """Executions in flight finish meanwhile on the versions that they began with."""
        activity = self.states.create_activity(name="hold-release")["activityArn"]
        old = self.publish(MAIN, held_by(activity))
        self.serve(MAIN, {old: 100})
        in_flight = self.upload()
        new, child = self.publish_with("sanitize-file", same)
        library = self.publish(LIBRARY, same)

        with tempfile.TemporaryDirectory() as folder:
            os.environ["GITHUB_STEP_SUMMARY"] = f"{folder}/summary.md"
            running = self.begin(
                "release", "local", "--json", "--weight", "100", "--executions", "1", "--minutes", "10"
            )
            running.until_it_says("canary: 0 of 1")
            tried = self.upload()
            code, facts = running.end()
            summary = Path(os.environ.pop("GITHUB_STEP_SUMMARY")).read_text()
        self.assertEqual((code, facts["outcome"], facts["version"]), (0, "released", new), running.stderr())
        self.assertEqual(facts["canary"]["succeeded"], 1)
        self.assertIn(f"### local: released\n\n| | |\n|---|---|\n| serves | version {new} |", summary)
        self.assertEqual(self.alias(), ({new: 100}, f"version {new}; previous {old}"))
        expected = f"version {library}; previous 1; with process-video {new}"
        self.assertEqual(self.alias(LIBRARY), ({library: 100}, expected))
        self.check_published(tried, new)
        self.check_sanitized_by(tried, child)
        self.assertEqual(self.ends(0, *CANARY)[1]["outcome"], "unchanged")

        token = self.states.get_activity_task(activityArn=activity)["taskToken"]
        self.states.send_task_success(taskToken=token, output="{}")
        self.check_published(in_flight, old)
        self.check_sanitized_by(in_flight, 1)

        self.ends(0, "rollback", "local")
        self.assertEqual(self.alias(), ({old: 100}, f"version {old}; rolled back from {new}"))
        self.assertEqual(self.alias(LIBRARY)[0], {1: 100})
        said, _ = self.ends(2, "rollback", "local")
        self.assertIn("no release before it is known", said)

    def check_sanitized_by(self, arn, version):
        """The execution's first child was this version of sanitize-file, and called version 1 of its function."""
        child = arn.replace(MAIN, "sanitize-file") + "-sanitize-0-0"
        described = self.states.describe_execution(executionArn=child)
        self.assertEqual(described["stateMachineVersionArn"], f"{machine('sanitize-file')}:{version}")
        events = self.states.get_execution_history(executionArn=child)["events"]
        called = [
            event["taskScheduledEventDetails"]["parameters"] for event in events if event["type"] == "TaskScheduled"
        ]
        called = [json.loads(parameters).get("FunctionName") for parameters in called]
        self.assertIn(f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{PREFIX}inspect-file:1", called)


if __name__ == "__main__":
    unittest.main()
