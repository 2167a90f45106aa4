"""The environments against the offline AWS provider: a copy of the configuration, a local state, throw-away values."""

import base64
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Where the offline provider is kept, beside the repository.
OFFLINE = ROOT.parent / "shared/terraform-offline"
BACKEND = 'terraform {\n  backend "local" {}\n}\n'
VARIABLES = {
    "account_id": "123456789012",
    "alarm_email_addresses": ["on-call@example.com"],
    "bedrock_model_id": "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "data_automation": {
        "project_arn": "arn:aws:bedrock:us-east-1:123456789012:data-automation-project/abcdef",
        "profile_arn": "arn:aws:bedrock:us-east-1:123456789012:data-automation-profile/us.data-automation-v1",
    },
    "region": "us-east-1",
}
# An environment small enough to be planned and applied many times: the modules of the real ones.
SMALL = """
variable "alarm_email_addresses" {
  type = set(string)
}

variable "package_manifest" {
  type = string
}

locals {
  package = jsondecode(file(var.package_manifest))["inspect-file"]
}

provider "aws" {
  region = "us-east-1"
}

# Opened and shut by the tests: what is shut fails in the apply, not before.
resource "terraform_data" "gate" {
  input = chomp(file("gate"))

  lifecycle {
    postcondition {
      condition     = self.output == "open"
      error_message = "The gate is shut."
    }
  }
}

module "inspect_file" {
  source = "../../modules/function"

  prefix             = "videoflow-small"
  name               = "inspect-file"
  package            = { path = "${dirname(var.package_manifest)}/${local.package.path}", sha256 = local.package.sha256 }
  alarm_topic_arns   = []
  log_retention_days = 14
  memory_mb          = 256
  timeout_seconds    = 60
}

module "sanitize_file" {
  source     = "../../modules/state-machine"
  depends_on = [terraform_data.gate]

  prefix             = "videoflow-small"
  name               = "sanitize-file"
  alias              = { weights_owner = "terraform" }
  alarm_topic_arns   = []
  log_retention_days = 14

  definition = jsonencode({
    Comment       = "Made of ${module.inspect_file.version_arn}"
    QueryLanguage = "JSONata"
    StartAt       = "Done"
    States        = { Done = { Type = "Succeed" } }
  })
}

output "platform" {
  value = { process_video = { version_arn = module.sanitize_file.version_arn } }
}
"""
# What takes its time, and says when it has begun.
SLOW = """
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "echo reached > reached; exec sleep 600"
  }
}
"""
# What a release may give up again.
TOPIC = """
resource "aws_sns_topic" "notices" {
  name         = "videoflow-small-notices"
  display_name = join(" ", var.alarm_email_addresses)
}
"""


@functools.cache
def provider() -> Path:
    """The command line settings that name the offline provider; skips, and says so, where there is none."""
    missing = None
    if not shutil.which("terraform"):
        missing = "terraform is not installed"
    elif not OFFLINE.is_dir():
        missing = "no offline AWS provider beside the repository"
    if missing:
        print(f"skipped: {missing}", file=sys.stderr)
        raise unittest.SkipTest(missing)
    home = ROOT / "target/tmp/terraform-offline"
    home.mkdir(parents=True, exist_ok=True)
    subprocess.run(["sh", OFFLINE / "setup.sh", home.resolve()], check=True, capture_output=True)
    return home.resolve() / "terraform.rc"


class Workspace:
    """A copy of the repository as far as terraform/deploy.py needs it."""

    def __init__(self, environment: str):
        self.environment = environment
        self.settings = provider()
        self.root = Path(tempfile.mkdtemp(prefix="videoflow-deploy-"))
        ignored = shutil.ignore_patterns(".terraform", ".terraform.lock.hcl", "__pycache__", "terraform.tfvars", "backend.hcl")
        for folder in ("terraform", "statemachines"):
            shutil.copytree(ROOT / folder, self.root / folder, ignore=ignored)
        (self.root / "functions/jobs-api").mkdir(parents=True)
        for part in ("functions/functions.json", "functions/jobs-api/openapi.json"):
            shutil.copy(ROOT / part, self.root / part)
        self.folder = self.root / "terraform/environments" / environment
        self.folder.mkdir(exist_ok=True)
        self.write("backend_override.tf", BACKEND)
        self.write("backend.hcl", "")
        self.build("first")

    def write(self, name: str, text: str) -> None:
        """Writes a file into the environment's folder."""
        (self.folder / name).write_text(text)

    def build(self, source: str) -> None:
        """Zips of functions that nobody runs, and their manifest."""
        manifest = {}
        for name in json.loads((self.root / "functions/functions.json").read_text()):
            path = self.root / "target/lambda" / name / "bootstrap.zip"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{name} {source}")
            sha256 = base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()
            manifest[name] = {"path": f"{name}/bootstrap.zip", "sha256": sha256}
        (self.root / "target/lambda/manifest.json").write_text(json.dumps(manifest))

    def deploy(self, *arguments: str) -> subprocess.CompletedProcess:
        """Runs terraform/deploy.py."""
        with self.start(*arguments) as process:
            out, said = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, out, said)

    def start(self, *arguments: str) -> subprocess.Popen:
        """Starts terraform/deploy.py as a job of a workflow does: variables in TFVARS, a summary, outputs."""
        for name in ("summary", "output"):
            (self.root / name).write_text("")
        mine = {
            "TF_CLI_CONFIG_FILE": str(self.settings),
            "TF_CLI_ARGS": "-no-color",
            "STATE_BUCKET": "",
            "TFVARS": "".join(f"{name} = {json.dumps(value)}\n" for name, value in VARIABLES.items()),
            "GITHUB_STEP_SUMMARY": str(self.root / "summary"),
            "GITHUB_OUTPUT": str(self.root / "output"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [sys.executable, self.root / "terraform/deploy.py", arguments[0], self.environment, *arguments[1:]]
        return subprocess.Popen(command, env=os.environ | mine, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def summary(self) -> str:
        """What the last run told the workflow's summary."""
        return (self.root / "summary").read_text()

    def digest(self) -> str:
        """The digest that the last run handed to the next job."""
        return (self.root / "output").read_text().strip().removeprefix("digest=")

    def state(self) -> dict:
        """The state as Terraform keeps it."""
        return json.loads((self.folder / "terraform.tfstate").read_text())

    def change_state(self, kind: str, attribute: str, value: str) -> None:
        """Changes an attribute in the state, as another apply would have left it."""
        state = self.state()
        state["serial"] += 1
        resource = next(resource for resource in state["resources"] if resource["type"] == kind)
        resource["instances"][0]["attributes"][attribute] = value
        self.write("terraform.tfstate", json.dumps(state))

    def close(self) -> None:
        shutil.rmtree(self.root)
