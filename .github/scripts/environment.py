"""Where an environment's things are: from Terraform's outputs, by the names that they always have, or on this machine."""

import json
import os
import subprocess
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "videoflow"
LOCAL = "local"
LOCAL_ENDPOINT_URL = "http://127.0.0.1:4566"
LOCAL_REGION = "us-east-1"
ALIAS = "live"


class Refusal(Exception):
    """Why nothing was done, in a line that says what to do."""


@dataclass(frozen=True)
class Machine:
    """A state machine that callers start by its alias."""

    arn: str

    @property
    def alias_arn(self):
        return f"{self.arn}:{ALIAS}"

    @property
    def name(self):
        return self.arn.rsplit(":", 1)[-1]

    def execution_arn(self, name):
        return f"{self.arn.replace(':stateMachine:', ':execution:')}:{name}"


@dataclass(frozen=True)
class Environment:
    """One installation of the platform."""

    name: str
    region: str
    process_video: Machine
    reconcile_library: Machine
    # Versions that the last apply published. None: not known.
    process_video_version: str | None = None
    reconcile_library_version: str | None = None
    source_bucket: str = ""
    output_bucket: str = ""
    jobs_table: str = ""
    claims_table: str = ""
    alarm: str = ""
    # None: AWS.
    endpoint_url: str | None = None

    def client(self, service):
        """A client that repeats what is throttled."""
        retries = {"mode": "standard", "total_max_attempts": 10 if self.endpoint_url is None else 2}
        config = Config(retries=retries, connect_timeout=10, read_timeout=60)
        keys = {}
        if self.endpoint_url is not None:
            # Never a person's keys for AWS: any will do here, and it tells who calls.
            keys = {"aws_access_key_id": "release", "aws_secret_access_key": "any", "aws_session_token": None}
        return boto3.client(service, region_name=self.region, endpoint_url=self.endpoint_url, config=config, **keys)

    @cached_property
    def states(self):
        return self.client("stepfunctions")

    @cached_property
    def s3(self):
        return self.client("s3")

    @cached_property
    def dynamodb(self):
        return self.client("dynamodb")

    @cached_property
    def cloudwatch(self):
        return self.client("cloudwatch")

    @property
    def poll_seconds(self):
        """Pause between two looks: on AWS each costs a request."""
        return 5.0 if self.endpoint_url is None else 0.3


def names():
    """Environments that there are."""
    folders = (ROOT / "terraform/environments").iterdir()
    return [LOCAL, *sorted(folder.name for folder in folders if (folder / "main.tf").exists())]


def add_arguments(parser):
    """Arguments by which a program is told its environment."""
    parser.add_argument("environment", metavar="ENV", help=", ".join(names()))
    parser.add_argument(
        "--outputs",
        metavar="FILE",
        type=Path,
        help="what `terraform output -json` said (default: ask Terraform; local needs none)",
    )


def check(name):
    """Refuses what is no environment, and one on AWS whose calls would go elsewhere."""
    if name not in names():
        raise Refusal(f"ENV must be one of: {' '.join(names())} (ENV=local is a `videoflow up` on this machine)")
    if name != LOCAL and "AWS_ENDPOINT_URL" in os.environ:
        raise Refusal(f"AWS_ENDPOINT_URL is set, and {name} is on AWS: unset it, or take ENV={LOCAL}")


def load(name, outputs=None):
    """The environment of that name."""
    check(name)
    if outputs is not None:
        return from_outputs(name, read_outputs(outputs), str(outputs))
    return local() if name == LOCAL else from_outputs(name, ask_terraform(name), f"the state of {name}")


def read_outputs(path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Refusal(f"{path}: no outputs of Terraform: {error}") from error


def ask_terraform(name):
    command = [ROOT / "terraform/check.sh", "output", name]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        reason = done.stderr.strip() or f"exit code {done.returncode}"
        raise Refusal(f"Terraform does not say where {name} is: {reason}")
    return json.loads(done.stdout)


def from_outputs(name, document, where):
    """The environment that Terraform's outputs describe."""
    try:
        value = document["platform"]["value"]
        main, library = value["process_video"], value["reconcile_library"]
        machine = Machine(main["arn"])
        found = Environment(
            name=name,
            region=main["arn"].split(":")[3],
            process_video=machine,
            reconcile_library=Machine(library["arn"]),
            process_video_version=main["version_arn"],
            reconcile_library_version=library["version_arn"],
            source_bucket=value["source_bucket_name"],
            output_bucket=value["output_bucket_name"],
            jobs_table=value["jobs_table_name"],
            claims_table=value["claims_table_name"],
            alarm=value["unhealthy_alarm_name"],
        )
    except (KeyError, TypeError, IndexError) as error:
        raise Refusal(
            f"{where} has no output {error} of the platform: apply the environment by this version first"
        ) from error
    if not machine.name.endswith(f"-{name}-process-video"):
        raise Refusal(f"{where} describes {machine.name}, which is not of the environment {name}")
    return found


def by_names(name, region=None):
    """What a rollback needs of an environment, without Terraform: its names never change."""
    check(name)
    if name == LOCAL:
        return local()
    region = region or boto3.session.Session().region_name
    if region is None:
        raise Refusal(f"which region is {name} in? name it with --region, or set AWS_REGION")
    identity = boto3.client("sts", region_name=region).get_caller_identity()
    partition, account = identity["Arn"].split(":")[1], identity["Account"]
    prefix = f"arn:{partition}:states:{region}:{account}:stateMachine:{PROJECT}-{name}"
    return Environment(
        name=name,
        region=region,
        process_video=Machine(f"{prefix}-process-video"),
        reconcile_library=Machine(f"{prefix}-reconcile-library"),
    )


def local():
    """The platform that `videoflow up` runs; what it published last counts as applied."""
    prefix = f"{PROJECT}-{LOCAL}"
    arn = f"arn:aws:states:{LOCAL_REGION}:000000000000:stateMachine:{prefix}"
    endpoint_url = os.environ.get("AWS_ENDPOINT_URL") or LOCAL_ENDPOINT_URL
    found = Environment(
        name=LOCAL,
        region=LOCAL_REGION,
        process_video=Machine(f"{arn}-process-video"),
        reconcile_library=Machine(f"{arn}-reconcile-library"),
        source_bucket=f"{prefix}-source",
        output_bucket=f"{prefix}-output",
        jobs_table=f"{prefix}-jobs",
        claims_table=f"{prefix}-claims",
        alarm=f"{prefix}-unhealthy",
        endpoint_url=endpoint_url,
    )
    return replace(
        found,
        process_video_version=newest(found, found.process_video),
        reconcile_library_version=newest(found, found.reconcile_library),
    )


def newest(environment, machine):
    """ARN of the version that was published last."""
    try:
        listed = environment.states.list_state_machine_versions(stateMachineArn=machine.arn)
    except ClientError as error:
        raise Refusal(f"{environment.endpoint_url} is no local platform of VideoFlow: {error}") from error
    return listed["stateMachineVersions"][0]["stateMachineVersionArn"]
