"""What the tests of a release share: the programs in .github/scripts as a user or a workflow runs them, and what an apply
does, by Step Functions' API."""

import json
import os
import secrets
import signal
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from local import ACCOUNT, OUTPUT, PREFIX, SOURCE, client, ended, until

ROOT = Path(__file__).resolve().parents[2]
ALARM = PREFIX + "unhealthy"
TABLES = {"jobs": "JobId", "claims": "ClaimId"}
MAIN, LIBRARY = "process-video", "reconcile-library"


def machine(name):
    return f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{PREFIX}{name}"


def command(program, *arguments):
    """A program's command line; arguments go before the tests' own."""
    given = [] if program == "rollback" else ["--videoflow", os.environ["VIDEOFLOW"], "--video", os.environ["VIDEO"]]
    return [ROOT / ".github/scripts/run.sh", program, *given, *arguments]


class Program:
    """A program that runs beside the test."""

    def __init__(self, program, *arguments):
        self.said = tempfile.NamedTemporaryFile("w+", prefix=program)
        self.process = subprocess.Popen(
            command(program, *arguments), stdout=subprocess.PIPE, stderr=self.said, text=True
        )

    def stderr(self):
        return Path(self.said.name).read_text()

    def until_it_says(self, text):
        until(f"it says {text}", lambda: text in self.stderr() or self.process.poll() is not None)
        if text not in self.stderr():
            raise AssertionError(f"it ended without saying {text}:\n{self.stderr()}")

    def stop(self, number):
        self.process.send_signal(number)
        return self.end()

    def end(self):
        """Exit code and what it printed last, as JSON."""
        printed, _ = self.process.communicate(timeout=300)
        lines = printed.splitlines()
        return self.process.returncode, json.loads(lines[-1]) if lines else None


class ReleaseTest(unittest.TestCase):
    """A test that begins with version 1 of everything at 100 %, and no alarm."""

    @classmethod
    def setUpClass(cls):
        cls.states, cls.s3, cls.dynamodb = client("stepfunctions"), client("s3"), client("dynamodb")
        cls.video = Path(os.environ["VIDEO"]).read_bytes()

    def setUp(self):
        self.set_alarm("OK")
        for name in (MAIN, LIBRARY):
            self.serve(name, {1: 100})

    def begin(self, program, *arguments):
        running = Program(program, *arguments)
        # One that has ended is not signalled.
        self.addCleanup(running.process.wait)
        self.addCleanup(running.process.kill)
        return running

    def ends(self, expected, program, *arguments):
        """Runs a program to its end: its exit code is expected. Gives what it said, and its JSON."""
        running = self.begin(program, *arguments)
        code, facts = running.end()
        self.assertEqual(code, expected, running.stderr())
        return running.stderr(), facts

    def set_alarm(self, state):
        client("cloudwatch").set_alarm_state(AlarmName=ALARM, StateValue=state, StateReason="The test says so.")

    def serve(self, name, weights, description=""):
        routes = [
            {"stateMachineVersionArn": f"{machine(name)}:{version}", "weight": weight}
            for version, weight in weights.items()
        ]
        self.states.update_state_machine_alias(
            stateMachineAliasArn=f"{machine(name)}:live", routingConfiguration=routes, description=description
        )

    def alias(self, name=MAIN):
        """Weights by version, and the description."""
        found = self.states.describe_state_machine_alias(stateMachineAliasArn=f"{machine(name)}:live")
        routes = found["routingConfiguration"]
        weights = {int(route["stateMachineVersionArn"].rsplit(":", 1)[1]): route["weight"] for route in routes}
        return weights, found.get("description", "")

    def publish(self, name, change):
        """What an apply does to a machine: `change` the definition of its first version. Gives the version's number."""
        first = self.states.describe_state_machine(stateMachineArn=f"{machine(name)}:1")
        definition = json.loads(first["definition"])
        definition["Comment"] += f" Published by {self.id()}."
        definition = change(definition) or definition
        published = self.states.update_state_machine(
            stateMachineArn=machine(name), definition=json.dumps(definition), publish=True
        )
        return int(published["stateMachineVersionArn"].rsplit(":", 1)[1])

    def publish_with(self, child, change):
        """New versions of a child, and of process-video that starts it."""
        version = self.publish(child, change)

        def start_it(definition):
            text = json.dumps(definition)
            return json.loads(text.replace(f"{machine(child)}:1", f"{machine(child)}:{version}"))

        return self.publish(MAIN, start_it), version

    def upload(self, content=None):
        """Uploads a video (or something else) as anybody does, and gives the ARN of the execution that it starts."""
        box = struct.pack(">I4s", 8 + 16, b"free") + secrets.token_bytes(16)
        key = f"uploads/{secrets.token_hex(8)}.mp4"
        version = self.s3.put_object(Bucket=SOURCE, Key=key, Body=(content or self.video) + box)["VersionId"]

        def started():
            found = self.states.list_executions(stateMachineArn=machine(MAIN))["executions"]
            for execution in found:
                described = self.states.describe_execution(executionArn=execution["executionArn"])
                if json.loads(described["input"])["source"]["versionId"] == version:
                    return execution["executionArn"]

        return until(f"{key} starts an execution", started)

    def check_published(self, arn, version):
        """The execution succeeded on this version, and its job is published."""
        execution = ended(self.states, arn)
        self.assertEqual(execution["status"], "SUCCEEDED", execution.get("cause"))
        self.assertEqual(execution["stateMachineVersionArn"], f"{machine(MAIN)}:{version}")
        job = self.dynamodb.get_item(TableName=PREFIX + "jobs", Key={"JobId": {"S": execution["name"]}})
        self.assertEqual(job["Item"]["JobStatus"], {"S": "PUBLISHED"})

    def everything(self):
        """All versions of all objects, and all items but those that count equal failures: they are the environment's own."""
        objects = {
            (bucket, version["Key"], version["VersionId"])
            for bucket in (SOURCE, OUTPUT)
            for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
            for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        }
        items = {
            (table, item[key]["S"])
            for table, key in TABLES.items()
            for item in self.dynamodb.scan(TableName=PREFIX + table)["Items"]
            if not item[key]["S"].startswith("failures-")
        }
        return objects | items


def broken(definition):
    """A definition whose first state calls a version of a function that there is not, as after a bad upload of it."""
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{PREFIX}inspect-file:99"
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": {}},
        "End": True,
    }
    return {**definition, "StartAt": "Broken", "States": {"Broken": state}}


def same(_definition):
    """Another version that does the same."""


def held_by(activity):
    """A change: executions wait, before anything else, until somebody does the work of the activity."""

    def hold(definition):
        wait = {
            "Type": "Task",
            "Resource": activity,
            "TimeoutSeconds": 600,
            "Output": "{% $states.input %}",
            "Next": definition["StartAt"],
        }
        return {**definition, "StartAt": "Hold", "States": {"Hold": wait, **definition["States"]}}

    return hold


TERMINATE, INTERRUPT, KILL = signal.SIGTERM, signal.SIGINT, signal.SIGKILL
