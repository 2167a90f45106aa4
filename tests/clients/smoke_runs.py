"""The smoke test of a deployed environment, as `make smoke` runs it."""

import json
import os
import subprocess
import tempfile
import unittest

from local import PREFIX, SOURCE, ended
from releasing import INTERRUPT, MAIN, ReleaseTest, command, held_by, machine


class SmokeRuns(ReleaseTest):
    def test_a_video_passes_and_leaves_nothing(self):
        before = self.everything()
        said, facts = self.ends(0, "smoke", "local", "--json")
        self.assertTrue(facts["passed"])
        self.assertGreater(facts["statements"], 0)
        self.assertIn("publish-video      SUCCEEDED", said)
        execution = self.states.describe_execution(executionArn=facts["executionArn"])
        self.assertEqual(execution["stateMachineAliasArn"], f"{machine(MAIN)}:live")
        self.assertEqual(self.everything(), before)

    def test_an_analysis_that_fails_is_no_pass(self):
        def unfit(definition):
            fail = {"Type": "Fail", "Error": "LabelsBroken", "Cause": "The test says so."}
            return {**definition, "StartAt": "Fail", "States": {"Fail": fail}}

        version, _ = self.publish_with("detect-labels", unfit)
        before = self.everything()
        said, _ = self.ends(1, "smoke", "local", "--version", f"{machine(MAIN)}:{version}")
        self.assertIn("detect-labels ended FAILED", said)
        self.assertIn("LabelsBroken", said)
        self.assertEqual(self.everything(), before)

    def test_a_job_by_version_is_like_one_that_start_processing_starts(self):
        activity = self.states.create_activity(name="hold-smoke")["activityArn"]
        version = self.publish(MAIN, held_by(activity))
        self.serve(MAIN, {version: 100})
        uploaded = self.upload()
        before = self.everything()
        smoke = self.begin("smoke", "local", "--version", f"{machine(MAIN)}:{version}")
        smoke.until_it_says("process-video      RUNNING")
        made = {key for _, key in (entry[:2] for entry in self.everything() - before) if key.startswith("v-")}
        self.assertEqual(len(made), 1)
        own = self.started_as(made.pop(), version)
        self.assertEqual(own, self.started_as(uploaded.rsplit(":", 1)[1], version))
        # Ctrl-C.
        code, _ = smoke.stop(INTERRUPT)
        self.assertEqual(code, 130, smoke.stderr())
        self.assertEqual(self.everything(), before)
        self.states.stop_execution(executionArn=uploaded)

    def started_as(self, job, version):
        """The job's item and its execution's input, with the same words for what differs between any two jobs."""
        item = self.dynamodb.get_item(TableName=PREFIX + "jobs", Key={"JobId": {"S": job}})["Item"]
        execution = self.states.describe_execution(executionArn=item["ExecutionArn"]["S"])
        self.assertEqual(execution["stateMachineVersionArn"], f"{machine(MAIN)}:{version}")
        words = {job: "JOB", item["SourceKey"]["S"]: "KEY", item["SourceVersionId"]["S"]: "VERSION"}
        for time in ("CreatedAt", "UpdatedAt"):
            self.assertRegex(item[time]["S"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            words[item[time]["S"]] = "TIME"
        shown = json.dumps([item, execution["input"]], sort_keys=True)
        for word, general in words.items():
            shown = shown.replace(word, general)
        return json.loads(shown)

    def test_keys_of_the_release_wake_nothing(self):
        self.s3.put_object(Bucket=SOURCE, Key="smoke/other.mp4", Body=self.video)
        # What comes later is handled later.
        ended(self.states, self.upload(b"no video"))
        started = self.states.list_executions(stateMachineArn=machine(MAIN))["executions"]
        inputs = [
            self.states.describe_execution(executionArn=execution["executionArn"])["input"] for execution in started
        ]
        self.assertFalse([given for given in inputs if "smoke/other.mp4" in given])

    def test_a_rejected_video_is_no_pass(self):
        before = self.everything()
        with tempfile.NamedTemporaryFile(suffix=".mp4") as video:
            video.write(b"\0\0\0\x14ftypisom\0\0\0\0isom")
            video.flush()
            said, _ = self.ends(1, "smoke", "local", "--video", video.name)
        self.assertIn("the job's item says REJECTED, not PUBLISHED", said)
        self.assertEqual(self.everything(), before)

    def test_what_is_missing_is_said_in_a_line(self):
        outputs = {
            "platform": {"value": {"process_video": {"arn": machine(MAIN), "version_arn": f"{machine(MAIN)}:1"}}}
        }
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(outputs, file)
            file.flush()
            for arguments, environment, expected in [
                (["smoke", "nowhere"], {}, "ENV must be one of: local dev prod staging"),
                (["smoke", ""], {}, "ENV must be one of"),
                (["smoke", "dev"], {}, "AWS_ENDPOINT_URL is set, and dev is on AWS"),
                (["smoke", "local", "--outputs", file.name], {}, "has no output 'reconcile_library'"),
                (["smoke", "local", "--outputs", "/nowhere.json"], {}, "/nowhere.json: no outputs of Terraform"),
                (
                    ["smoke", "local"],
                    {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
                    "nothing answers at http://127.0.0.1:1",
                ),
                (
                    ["smoke", "local", "--videoflow", "/nowhere"],
                    {},
                    "/nowhere is missing: `make build-local` builds it",
                ),
                (["smoke", "local", "--video", __file__], {}, "smoke_runs.py is no MP4 file"),
                (["rollback", "nowhere"], {}, "ENV must be one of"),
            ]:
                with self.subTest(arguments=arguments, environment=environment):
                    self.check_refused(arguments, environment, expected)

    def check_refused(self, arguments, environment, expected):
        done = subprocess.run(command(*arguments), env={**os.environ, **environment}, capture_output=True, text=True)
        self.assertIn(expected, done.stderr)
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (2, 1), done.stderr)


if __name__ == "__main__":
    unittest.main()
