"""The workflows, held to rules that no linter knows: they only call what runs here too, and fit the environments."""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {path.stem: path.read_text() for path in sorted((ROOT / ".github/workflows").glob("*.yml"))}
WORKFLOWS = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
BOOTSTRAP = "".join(path.read_text() for path in (ROOT / "terraform/bootstrap").glob("*.tf"))
PINNED = re.compile(r"uses: (?P<action>[\w./-]+)@(?P<sha>[0-9a-f]{40}) # (?P<version>v\d+\.\d+\.\d+)$")

# All that a job may be given.
RIGHTS = {("attestations", "write"), ("contents", "read"), ("id-token", "write")}

# A step that prepares the machine, as `make build` says where the target is missing.
PREPARES = "rustup target add aarch64-unknown-linux-gnu"


def jobs():
    for name, workflow in WORKFLOWS.items():
        for key, job in workflow["jobs"].items():
            yield f"{name}.{key}", job


def steps(job):
    return job.get("steps", [])


def order(workflow):
    """The environments that a workflow deploys, each after the one that it needs."""
    found = []
    calls = {key: job for key, job in workflow["jobs"].items() if job.get("uses") == "./.github/workflows/deploy.yml"}
    needed = "build"
    while following := [key for key, job in calls.items() if job["needs"] == needed]:
        assert len(following) == 1, following
        needed = following[0]
        found.append(calls[needed]["with"]["environment"])
    assert len(found) == len(calls), "an environment is deployed out of order"
    return found


class Workflows(unittest.TestCase):
    def test_every_job_has_an_end_and_least_rights(self):
        for name, workflow in WORKFLOWS.items():
            self.assertEqual(workflow["permissions"], {}, name)
        for name, job in jobs():
            with self.subTest(job=name):
                self.assertIn("permissions", job)
                self.assertTrue("uses" in job or 1 <= job["timeout-minutes"] <= 120)
                signs_in = any("configure-aws" in str(step) or "attest" in str(step) for step in steps(job))
                self.assertEqual("id-token" in job["permissions"], signs_in or "uses" in job)
                self.assertLessEqual(job["permissions"].items(), RIGHTS)

    def test_every_action_is_pinned_and_pinned_alike(self):
        pins = {}
        for name, text in TEXTS.items():
            for line in re.findall(r"uses: .*", text):
                with self.subTest(workflow=name, line=line):
                    if "./" in line:
                        self.assertTrue((ROOT / line.removeprefix("uses: ")).exists())
                        continue
                    pin = PINNED.match(line)
                    self.assertIsNotNone(pin)
                    self.assertEqual(pins.setdefault(pin["action"], line), line)
        for _, job in jobs():
            for step in steps(job):
                if step.get("uses", "").startswith("actions/checkout@"):
                    self.assertIs(step["with"]["persist-credentials"], False)

    def test_every_step_is_a_target_or_a_script(self):
        for name, job in jobs():
            for command in (step["run"] for step in steps(job) if "run" in step):
                with self.subTest(job=name, command=command):
                    self.assertNotIn("\n", command)
                    self.assertNotIn("${{", command)
                    if command == PREPARES:
                        continue
                    program, *arguments = command.removeprefix("exec ").split()
                    if program == "make":
                        known = subprocess.run(["make", "-n", *arguments], cwd=ROOT, capture_output=True, text=True)
                        self.assertEqual(known.returncode, 0, known.stderr)
                    else:
                        self.assertTrue((ROOT / program).stat().st_mode & 0o100, "not executable")

    def test_nothing_strange_starts_a_workflow_and_nothing_is_secret(self):
        triggers = {trigger for workflow in WORKFLOWS.values() for trigger in workflow[True]}
        self.assertLessEqual(triggers, {"pull_request", "push", "schedule", "workflow_call", "workflow_dispatch"})
        self.assertNotRegex("".join(TEXTS.values()), r"\$\{\{[^}]*secrets\b")

    def test_every_environment_is_deployed_watched_and_taken_back(self):
        folders = {path.parent.name for path in (ROOT / "terraform/environments").glob("*/main.tf")}
        deployed = order(WORKFLOWS["release"])
        self.assertEqual(deployed, ["dev", "staging", "prod"])
        self.assertEqual(set(deployed), folders)
        watched = WORKFLOWS["drift"]["jobs"]["drift"]["strategy"]["matrix"]["include"]
        self.assertEqual([entry["environment"] for entry in watched], deployed)
        self.assertEqual(WORKFLOWS["rollback"][True]["workflow_dispatch"]["inputs"]["environment"]["options"], deployed)
        prepared = re.search(r'variable "environments" \{.*?default += (\[.*?\])', BOOTSTRAP, re.DOTALL)
        self.assertEqual(yaml.safe_load(prepared[1]), deployed)

    def test_roles_are_taken_where_bootstrap_trusts(self):
        """The apply role is for jobs of the GitHub environment, the plan role for main without one."""
        for name, job in jobs():
            for step in steps(job):
                role = step.get("with", {}).get("role-to-assume")
                if role is not None:
                    with self.subTest(job=name):
                        self.assertIn(".apply_role_arn }}" if "environment" in job else ".plan_role_arn }}", role)

    def test_what_is_read_of_a_deployment_is_what_bootstrap_gives_out(self):
        given = re.search(r'output "deployments" \{.*?jsonencode\(\{(.*?)\}\)', BOOTSTRAP, re.DOTALL)
        given = set(re.findall(r"(\w+) +=", given[1]))
        read = set(re.findall(r"fromJSON\([\w.]+\)\.(\w+)", "".join(TEXTS.values())))
        self.assertEqual(read, given)

    def test_the_apply_role_may_make_every_call_of_the_release(self):
        """Of a service whose resources have names it may do everything on the environment's own; so each service that
        the programs use has to be one of those. Who calls, everybody may ask."""
        programs = "".join(path.read_text() for path in (ROOT / ".github/scripts").glob("*.py"))
        clients = set(re.findall(r'client\("(\w+)"', programs)) - {"sts"}
        named = re.search(r"named = \{.*?=> \{(.*?)\n  \} \}", BOOTSTRAP, re.DOTALL)
        allowed = set(re.findall(r"^    (\w+) += \[", named[1], re.MULTILINE)) | set(re.findall(r'\["(\w+):\*"\]', BOOTSTRAP))
        self.assertGreaterEqual(len(clients), 4)
        self.assertLessEqual({"states" if client == "stepfunctions" else client for client in clients}, allowed)

    def test_nothing_follows_a_failed_step_but_what_mends(self):
        for name, job in jobs():
            for step in steps(job):
                if re.search(r"always\(|failure\(|cancelled\(", str(step.get("if", ""))):
                    with self.subTest(job=name):
                        self.assertTrue(step["run"].endswith("--mend"))
                self.assertNotIn("continue-on-error", step)

    def test_what_changes_something_hears_that_its_run_was_cancelled(self):
        for job in ("plan", "deploy"):
            for step in steps(WORKFLOWS["deploy"]["jobs"][job]):
                if step.get("run", "make unbundle") != "make unbundle":
                    self.assertTrue(step["run"].startswith("exec "), step["run"])

    def test_a_deployment_waits_for_its_turn_and_is_never_broken_off(self):
        deploy = WORKFLOWS["deploy"]["jobs"]["deploy"]
        self.assertEqual(deploy["concurrency"], {"group": "deploy-${{ inputs.environment }}", "cancel-in-progress": False})
        self.assertEqual(WORKFLOWS["release"]["concurrency"], {"group": "release", "cancel-in-progress": False})
        self.assertEqual(deploy["needs"], "plan")
        self.assertNotIn("environment", WORKFLOWS["deploy"]["jobs"]["plan"])


class Bundle(unittest.TestCase):
    def test_what_is_unpacked_is_what_was_packed(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            script = root / ".github/scripts/bundle.sh"
            files = [root / "target" / name for name in ("lambda/a/bootstrap.zip", "lambda/manifest.json", "debug/videoflow")]
            for path in [script, *files]:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(path.name)
            script.write_text((ROOT / ".github/scripts/bundle.sh").read_text())
            files[-1].chmod(0o755)
            subprocess.run(["bash", script, "pack"], check=True)
            for path in files:
                path.unlink()
            subprocess.run(["bash", script, "unpack"], check=True)
            self.assertEqual([path.read_text() for path in files], [path.name for path in files])
            self.assertEqual(files[-1].stat().st_mode & 0o777, 0o755)
            files[0].unlink()
            self.assertNotEqual(subprocess.run(["bash", script, "pack"], capture_output=True).returncode, 0)


if __name__ == "__main__":
    unittest.main()
