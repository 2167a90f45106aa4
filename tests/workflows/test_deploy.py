"""terraform/deploy.py: what approvers are shown is what is applied, and nothing else."""

import json
import os
import signal
import unittest

from offline import SLOW, SMALL, TOPIC, Workspace, provider


def setUpModule():
    provider()


class Deploy(unittest.TestCase):
    # The state after a first plan and apply, once one test needed it.
    state = None

    def setUp(self):
        self.workspace = Workspace("small")
        self.addCleanup(self.workspace.close)
        self.workspace.write("main.tf", SMALL)
        self.workspace.write("topic.tf", TOPIC)
        self.gate("open")

    def gate(self, stands):
        self.workspace.write("gate", stands)

    def done(self, *arguments):
        """Runs the script, which has to succeed, and gives its summary."""
        ran = self.workspace.deploy(*arguments)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return self.workspace.summary()

    def refused(self, *arguments):
        """Runs the script, which has to refuse and to leave the state as it was, and gives what it says."""
        before = self.resources()
        ran = self.workspace.deploy(*arguments)
        self.assertEqual(ran.returncode, 1, ran.stderr)
        self.assertEqual(self.resources(), before)
        return ran.stderr

    def resources(self):
        try:
            return self.workspace.state()["resources"]
        except FileNotFoundError:
            return []

    def applied(self):
        """The environment as a first deployment left it."""
        if Deploy.state is None:
            self.assertIn("created**.", self.done("plan"))
            self.done("apply")
            Deploy.state = json.dumps(self.workspace.state())
        self.workspace.write("terraform.tfstate", Deploy.state)

    def test_a_plan_tells_what_it_destroys_first_and_no_values(self):
        self.applied()
        (self.workspace.folder / "topic.tf").unlink()
        self.workspace.build("second")
        told = self.done("plan")
        self.assertRegex(told, r"\*\*1 destroyed\*\*, \*\*\d+ changed\*\*")
        self.assertLess(told.index("[!CAUTION]"), told.index("<details>"))
        self.assertIn("> - `aws_sns_topic.notices` is **destroyed**", told)
        self.assertRegex(told, r"\| `module.inspect_file.aws_lambda_function.this` \| changed \| .*`code_sha256`")
        self.assertNotIn("on-call@example.com", told)

    def test_an_approved_plan_is_applied_and_no_other(self):
        self.done("plan")
        approved = self.workspace.digest()
        self.done("apply", "--approved", approved)
        # As a run of an older commit would, that was approved after a newer one.
        self.assertIn("is not the one that was approved", self.refused("apply", "--approved", approved))
        self.done("plan")
        approved = self.workspace.digest()
        self.workspace.build("second")
        self.assertIn("is not the one that was approved", self.refused("apply", "--approved", approved))
        self.assertIn("`code_sha256`", self.workspace.summary())

    def test_a_saved_plan_is_applied_only_with_the_zips_that_it_was_made_from(self):
        self.assertIn("there is no plan of small", self.refused("apply"))
        self.done("plan")
        self.workspace.build("second")
        self.assertIn("was made with other zips", self.refused("apply"))
        (self.workspace.root / "target/lambda/inspect-file/bootstrap.zip").write_text("another")
        for command in ("plan", "apply"):
            self.assertIn("is not the zip of inspect-file that the manifest names", self.refused(command))

    def test_a_stale_plan_is_refused(self):
        self.applied()
        self.workspace.build("second")
        self.done("plan")
        self.workspace.change_state("aws_sns_topic", "display_name", "another apply")
        self.assertIn("Saved plan is stale", self.refused("apply"))
        self.assertIn("there is no plan of small", self.refused("apply"))

    def test_a_failed_apply_fails_the_step_and_leaves_the_alias(self):
        self.applied()
        self.gate("shut")
        self.workspace.build("second")
        self.done("plan")
        before = self.kept("aws_sfn_state_machine", "aws_sfn_alias")
        ran = self.workspace.deploy("apply", "--approved", self.workspace.digest())
        self.assertEqual(ran.returncode, 1)
        self.assertIn("The gate is shut.", ran.stderr)
        self.assertEqual(len(before), 2)
        self.assertEqual(self.kept("aws_sfn_state_machine", "aws_sfn_alias"), before)

    def kept(self, *kinds):
        return [resource["instances"] for resource in self.resources() if resource["type"] in kinds]

    def test_a_cancelled_apply_keeps_its_state_and_gives_the_lock_back(self):
        self.applied()
        os.mkfifo(self.workspace.folder / "reached")
        self.workspace.write("slow.tf", SLOW)
        self.done("plan")
        with self.workspace.start("apply") as process:
            # Opens when the apply has come so far.
            (self.workspace.folder / "reached").read_text()
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)
            said = process.communicate()[1]
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("Interrupt received", said)
        self.assertNotIn("Two interrupts", said)
        self.assertFalse((self.workspace.folder / ".terraform.tfstate.lock.info").exists())
        self.assertIn("slow", [resource["name"] for resource in self.resources()])

    def test_drift_is_found_and_new_code_is_none_and_outputs_are_json(self):
        self.assertIn("the environment has not been applied yet", self.refused("drift"))
        self.applied()
        self.workspace.build("second")
        self.assertIn("Nothing changes.", self.done("drift"))
        self.workspace.change_state("aws_sns_topic", "display_name", "by hand")
        ran = self.workspace.deploy("drift")
        self.assertEqual(ran.returncode, 2, ran.stderr)
        self.assertIn("| `aws_sns_topic.notices` | changed | `display_name` |", self.workspace.summary())
        ran = self.workspace.deploy("output")
        self.assertIn("version_arn", json.loads(ran.stdout)["platform"]["value"]["process_video"])

    def test_what_is_missing_is_said_with_its_cure(self):
        (self.workspace.folder / "backend.hcl").unlink()
        self.assertIn("or set STATE_BUCKET and AWS_REGION", self.refused("plan"))
        (self.workspace.root / "target/lambda/manifest.json").unlink()
        self.assertIn("run `make build`", self.refused("plan"))
        self.workspace.environment = "nowhere"
        self.assertIn("ENV must be one of: dev prod small staging", self.refused("plan"))

    def test_a_real_environment_is_planned(self):
        self.workspace = Workspace("staging")
        self.addCleanup(self.workspace.close)
        told = self.done("plan")
        self.assertRegex(told, r"\*\*\d{3} created\*\*\.")
        self.assertIn("module.platform.module.process_video.aws_sfn_alias.release[0]", told)


if __name__ == "__main__":
    unittest.main()
