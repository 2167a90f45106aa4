#!/usr/bin/env python3
"""Plans and applies an environment, and compares one with this repository.

    terraform/deploy.py plan ENV                      plan, show what it changes, save the plan
    terraform/deploy.py apply ENV                     apply the saved plan
    terraform/deploy.py apply ENV --approved DIGEST   plan afresh, and apply if that does what was approved
    terraform/deploy.py drift ENV                     whether the environment is still what this repository says
    terraform/deploy.py output ENV                    the environment's outputs as JSON, last on stdout

A plan has a digest of what it does, with which zips. A workflow hands that digest from the job that plans to the job that
applies, across the approval, and not the plan itself, which holds every value of the state: what an artifact holds,
everyone who can read the repository can read.

Where things are:
  functions' zips   target/lambda/manifest.json, from `make build` or from a release's artifact
  state             terraform/environments/ENV/backend.hcl, or STATE_BUCKET and AWS_REGION
  variables         terraform/environments/ENV/terraform.tfvars, or their text in TFVARS
  saved plan        .cache/terraform/ENV.tfplan

Exit codes: 0 done (drift: none); 1 failed or refused; 2 drift was found; 64 the command line is wrong; 130 stopped."""

import argparse
import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import changes

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache/terraform"
MANIFEST = ROOT / "target/lambda/manifest.json"
TERRAFORM_MINIMUM = (1, 11)


class Refused(Exception):
    """What is wrong, where, and what to do."""


@contextmanager
def stopping(process: subprocess.Popen):
    """Hands the first signal on, once: Terraform then ends what it is doing, writes the state and gives its lock back."""
    handed_on = []

    def hand_on(_number, _frame):
        if not handed_on:
            handed_on.append(process.send_signal(signal.SIGINT))

    before = {number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Environment:
    """One of terraform/environments."""

    def __init__(self, name: str):
        names = sorted(path.parent.name for path in (ROOT / "terraform/environments").glob("*/main.tf"))
        if name not in names:
            raise Refused(f"ENV must be one of: {' '.join(names)} (make plan ENV={names[0]})")
        self.name = name
        self.folder = ROOT / "terraform/environments" / name
        self.plan_file = CACHE / f"{name}.tfplan"
        self.note_file = CACHE / f"{name}.tfplan.json"
        self.variables_file = CACHE / f"{name}.tfvars"

    def terraform(self, *arguments: str, capture: bool = False) -> str:
        """Runs Terraform there, with its own files in the cache; what it says goes to stderr."""
        settings = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
        settings["TF_DATA_DIR"] = str(CACHE / "environments" / self.name)
        command = ["terraform", f"-chdir={self.folder}", *arguments]
        out = subprocess.PIPE if capture else sys.stderr
        # A session of its own: Ctrl-C would reach it a second time, which makes it drop everything.
        with subprocess.Popen(command, env=os.environ | settings, stdout=out, text=True, start_new_session=True) as process:
            with stopping(process):
                said, _ = process.communicate()
        if process.returncode != 0:
            raise Refused(f"terraform {arguments[0]} of {self.name}: FAILED, see above")
        return said

    def init(self) -> None:
        """Finds the state."""
        bucket, region = os.environ.get("STATE_BUCKET"), os.environ.get("AWS_REGION")
        if (self.folder / "backend.hcl").exists():
            places = ["-backend-config=backend.hcl"]
        elif bucket and region:
            places = [f"-backend-config=bucket={bucket}", f"-backend-config=region={region}"]
        else:
            raise Refused(
                f"{self.folder / 'backend.hcl'} is missing: it says where the state is; copy backend.hcl.example and fill it in, "
                "or set STATE_BUCKET and AWS_REGION"
            )
        self.terraform("init", "-reconfigure", *places)

    def plan(self, manifest: Path) -> dict:
        """Plans into the plan file, and gives the plan."""
        arguments = [f"-out={self.plan_file}"]
        if os.environ.get("TFVARS"):
            self.variables_file.write_text(os.environ["TFVARS"])
            arguments.append(f"-var-file={self.variables_file}")
        # The last one counts.
        arguments.append(f"-var=package_manifest={os.path.relpath(manifest, self.folder)}")
        try:
            self.terraform("plan", *arguments)
        finally:
            self.variables_file.unlink(missing_ok=True)
        return json.loads(self.terraform("show", "-json", str(self.plan_file), capture=True))

    def forget_plan(self) -> None:
        """A plan holds every value, secret ones too: it is kept no longer than it is needed."""
        self.plan_file.unlink(missing_ok=True)
        self.note_file.unlink(missing_ok=True)


def packages() -> dict:
    """The zips by function, each compared with the manifest."""
    if not MANIFEST.exists():
        raise Refused(f"{MANIFEST} is missing: run `make build`, or download a release's artifact into {MANIFEST.parent}")
    found = json.loads(MANIFEST.read_text())
    for name, package in found.items():
        path = MANIFEST.parent / package["path"]
        sha256 = base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode() if path.exists() else "missing"
        if sha256 != package["sha256"]:
            raise Refused(
                f"{path} is not the zip of {name} that the manifest names: its SHA-256 is {sha256}, "
                f"not {package['sha256']}; run `make build`, or download the release's artifact again"
            )
    return found


def tell(summary: str, digest: str | None = None) -> None:
    """Shows a summary, and tells a workflow where there is one."""
    print(summary, file=sys.stderr)
    told = {"GITHUB_STEP_SUMMARY": summary, "GITHUB_OUTPUT": f"digest={digest}\n" if digest else ""}
    for variable, text in told.items():
        if os.environ.get(variable):
            with open(os.environ[variable], "a") as file:
                file.write(text)


def plan(environment: Environment) -> int:
    found = packages()
    environment.init()
    planned = environment.plan(MANIFEST)
    digest = changes.digest(environment.name, found, planned)
    environment.note_file.write_text(json.dumps({"digest": digest, "packages": found}))
    tell(changes.summary(f"Plan of {environment.name}", planned) + f"\nDigest of this plan: `{digest}`\n", digest)
    print(f"The plan is saved: make apply ENV={environment.name} applies it.", file=sys.stderr)
    return 0


def apply(environment: Environment, approved: str | None) -> int:
    found = packages()
    if approved is not None:
        environment.init()
        planned = environment.plan(MANIFEST)
        if changes.digest(environment.name, found, planned) != approved:
            environment.forget_plan()
            tell(changes.summary(f"Not approved for {environment.name}", planned))
            raise Refused(
                f"the plan of {environment.name} is not the one that was approved ({approved}): "
                "the state, AWS or the zips have changed since; plan again (in a workflow: re-run the job `plan`)"
            )
    elif not environment.plan_file.exists() or not environment.note_file.exists():
        raise Refused(f"there is no plan of {environment.name}: run make plan ENV={environment.name} first, and read it")
    elif json.loads(environment.note_file.read_text())["packages"] != found:
        raise Refused(
            f"the plan of {environment.name} was made with other zips than those in {MANIFEST.parent}: "
            f"run make plan ENV={environment.name} again"
        )
    try:
        environment.terraform("apply", str(environment.plan_file))
    finally:
        # Applied, or stale: it serves no second time.
        environment.forget_plan()
    return 0


def drift(environment: Environment) -> int:
    """Plans with the zips that are deployed, so that no build is needed, and code that waits for its release is no drift."""
    environment.init()
    state = json.loads(environment.terraform("show", "-json", capture=True))
    deployed = MANIFEST.parent / f"{environment.name}.json"
    deployed.parent.mkdir(parents=True, exist_ok=True)
    deployed.write_text(json.dumps(deployed_packages(state)))
    try:
        planned = environment.plan(deployed)
    finally:
        environment.forget_plan()
        deployed.unlink()
    tell(changes.summary(f"Drift of {environment.name}", planned))
    return 2 if changes.changes(planned) else 0


def deployed_packages(state: dict) -> dict:
    """The zips of a state's functions, as a manifest has them."""
    modules = [state.get("values", {}).get("root_module", {})]
    found = {}
    while modules:
        module = modules.pop()
        modules += module.get("child_modules", [])
        for resource in module.get("resources", []):
            if resource["type"] == "aws_lambda_function":
                path = Path(resource["values"]["filename"])
                found[path.parent.name] = {"path": f"{path.parent.name}/{path.name}", "sha256": resource["values"]["code_sha256"]}
    if not found:
        raise Refused("there are no functions in the state: the environment has not been applied yet")
    return found


def output(environment: Environment) -> int:
    environment.init()
    print(json.dumps(json.loads(environment.terraform("output", "-json", capture=True))))
    return 0


def need_terraform() -> None:
    minimum = ".".join(map(str, TERRAFORM_MINIMUM))
    try:
        said = subprocess.run(["terraform", "version", "-json"], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        raise Refused(f"terraform is not installed: install {minimum} or newer") from None
    version = json.loads(said)["terraform_version"]
    if tuple(int(part) for part in version.split("-")[0].split(".")[:2]) < TERRAFORM_MINIMUM:
        raise Refused(f"terraform {version} is too old: install {minimum} or newer")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["plan", "apply", "drift", "output"])
    parser.add_argument("environment", metavar="ENV", help="a folder of terraform/environments")
    parser.add_argument("--approved", metavar="DIGEST", help="apply: plan afresh, and apply only a plan of this digest")
    parser.exit = lambda status=0, message=None: (sys.stderr.write(message or ""), sys.exit(64 if status else 0))
    arguments = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    os.umask(0o077)
    try:
        need_terraform()
        environment = Environment(arguments.environment)
        if arguments.command == "apply":
            return apply(environment, arguments.approved)
        return {"plan": plan, "drift": drift, "output": output}[arguments.command](environment)
    except Refused as refused:
        print(f"deploy: {refused}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("deploy: stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
