"""docs/operations.md: its commands are taken out of the page. All of them are ones that the AWS CLI knows, and those that
the local platform answers do what the page says."""

import contextlib
import io
import json
import os
import re
import shlex
import socketserver
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

from awscli.clidriver import create_clidriver
from botocore.endpoint import Endpoint

from local import MACHINE, OUTPUT, PREFIX, SOURCE, client, ended, until

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operations.md").read_text()
# The address that the page names, and that of this platform.
ADDRESS, HTTP_API = "http://127.0.0.1:4566", "http://127.0.0.1:4567"
URL = os.environ["AWS_ENDPOINT_URL"]


def blocks(text):
    """The commands of a text: what is fenced as `sh`."""
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def block(heading, word):
    """The one block below a heading that has this word."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = [commands for commands in blocks(section) if word in commands]
    if len(found) != 1:
        raise AssertionError(f"docs/operations.md, {heading}: {len(found)} blocks with `{word}`")
    return found[0]


def command_lines(text):
    """Each call of the AWS CLI in some shell commands, those in other commands too."""
    text = text.replace("\\\n", " ")
    for call in re.finditer(r"\baws (?=[a-z])", text):
        quote, depth, end = None, 0, call.end()
        for end in range(call.end(), len(text)):
            letter = text[end]
            if quote:
                quote = None if letter == quote and text[end - 1] != "\\" else quote
            elif letter in "'\"":
                quote = letter
            elif letter == "(":
                depth += 1
            elif letter in ";|>\n" or (letter == ")" and depth == 0):
                break
            elif letter == ")":
                depth -= 1
        yield text[call.end() : end]


class Sent(BaseException):
    """A request was made of a command. It passes by what handles errors."""


class Commands(unittest.TestCase):
    def test_the_aws_cli_knows_every_command_and_parameter(self):
        lines = [line for commands in blocks(PAGE) for line in command_lines(commands)]
        self.assertGreater(len(lines), 30)
        cli = create_clidriver()
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "doomed.json").write_text('{"Objects": [{"Key": "k", "VersionId": "v"}]}')
            for line in lines:
                with self.subTest(command=line):
                    self.check(cli, line.replace("doomed.json", f"{folder}/doomed.json"))

    def test_videoflow_knows_every_command_and_option(self):
        commands = re.findall(r"^(?:\$ )?vf (.+)$", PAGE, re.MULTILINE)
        # Without the definitions of `vf`, and commands within commands.
        commands = [line for line in commands if not line.startswith("()") and "$(" not in line]
        self.assertGreater(len(commands), 8)
        for line in commands:
            words = shlex.split(line.replace("$JOB", "v-" + "0" * 40), comments=True)
            with self.subTest(command=line):
                done = subprocess.run([os.environ["VIDEOFLOW"], *words, "--help"], capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)

    def check(self, cli, line):
        # What a shell would put there.
        line = line.replace("$(($(date +%s) - 3600))", "1").replace("$1", "Name")
        line = line.replace("$MAPPING", "0" * 36)
        line = re.sub(r"\$([A-Z]+)", lambda name: name[1].lower(), line)
        with mock.patch.object(Endpoint, "make_request", side_effect=Sent), self.assertRaises(Sent):
            cli.main(shlex.split(line))


def short_video():
    """The first second of the sample, small, with its sound."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "short.mp4"
        sample = ["-t", "1", "-i", str(ROOT / "tests/media/sample.mp4")]
        subprocess.run(["ffmpeg", "-v", "error", *sample, "-vf", "scale=320:-2", str(path)], check=True)
        return path.read_bytes()


class Cli(socketserver.StreamRequestHandler):
    """The AWS CLI, kept running: its start takes longer than its work."""

    driver = create_clidriver()

    def handle(self):
        folder, *arguments = self.rfile.readline().decode().rstrip("\n").split("\x1f")[:-1]
        printed = io.StringIO()
        with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
            # Version 1 of the AWS CLI has an address of its own for SQS.
            code = self.driver.main(["--endpoint-url", URL, *arguments])
        self.wfile.write(f"{code}\n{printed.getvalue()}".encode())


# `aws` in a shell: exit code and output of the one that is kept running.
AWS = r"""aws() {
  local code
  exec 3<>/dev/tcp/127.0.0.1/PORT
  printf '%s\x1f' "$PWD" "$@" >&3 && echo >&3
  read -r code <&3
  cat <&3
  return "$code"
}
"""


# `videoflow` in a shell: the one that was built.
VIDEOFLOW = 'videoflow() { "$VIDEOFLOW" "$@"; }\n'


class Runbook(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        server = socketserver.TCPServer(("127.0.0.1", 0), Cli)
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.cli = AWS.replace("PORT", str(server.server_address[1]))
        cls.tables, cls.s3, cls.states = client("dynamodb"), client("s3"), client("stepfunctions")
        cls.queues, cls.events, cls.speech = client("sqs"), client("events"), client("transcribe")

    def sh(self, *commands, **variables):
        """What the page's commands print, run one after the other in a shell that has the page's names."""
        names = block("Names in the commands", ADDRESS).replace(ADDRESS, URL)
        names = names.replace(HTTP_API, URL)
        given = "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
        with tempfile.TemporaryDirectory() as folder:
            script = "set -euo pipefail\n" + self.cli + VIDEOFLOW + names + given + "".join(commands)
            done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=folder)
            self.assertEqual(done.returncode, 0, f"{script}\n{done.stderr}")
            self.assertEqual(os.listdir(folder), [])
        return done.stdout

    def put(self, key, body, profile="lean"):
        made = self.s3.put_object(Bucket=SOURCE, Key=key, Body=body, Metadata={"videoflow-profile": profile})
        return made["VersionId"]

    def unheard(self, key, body):
        """Uploads, and nobody tells of it."""
        self.events.disable_rule(Name=PREFIX + "object-created")
        version = self.put(key, body)
        self.events.enable_rule(Name=PREFIX + "object-created")
        return version

    def job(self, version):
        """The item of the job of an upload."""
        items = self.tables.scan(TableName=PREFIX + "jobs")["Items"]
        return next((item for item in items if item["SourceVersionId"]["S"] == version), None)

    def await_job(self, version, status):
        def ask():
            item = self.job(version)
            return item if item and item["JobStatus"]["S"] == status else None

        return until(f"the upload {version} is {status}", ask)

    def claims(self):
        items = self.tables.scan(TableName=PREFIX + "claims")["Items"]
        # The item of admission is no claim.
        return {item["ClaimId"]["S"]: item["JobId"]["S"] for item in items if "JobId" in item}

    def transcriptions(self, job):
        return self.speech.list_transcription_jobs(JobNameContains=job)["TranscriptionJobSummaries"]

    def test_a_missed_video_is_found_and_one_that_is_deleted_leaves_nothing(self):
        video = short_video()
        key = "talks/a b's ü.mp4"
        version = self.unheard(key, video)
        started = self.sh(block("Backfill a library", "start-execution")).strip()
        found = ended(self.states, started)
        self.assertEqual((found["status"], json.loads(found["output"])["queuedVideos"]), ("SUCCEEDED", 1))
        item = self.await_job(version, "PUBLISHED")
        job = item["JobId"]["S"]

        listing = block("Names in the commands", "vf jobs").replace("KEY=talks/monday.mp4", "")
        self.assertIn(job, self.sh(listing, KEY=key))
        published = self.sh(block("Backfill a library", "dynamodb query")).strip().split("\t")
        self.assertEqual(published[0], key)
        self.assertIn(f"published/{job}/brief.html", self.sh(block("Backups and restore", "list-object-versions"), JOB=job))
        self.assertEqual(self.sh(block("Delete a video", "OriginalJobId"), JOB=job), "")
        self.assertEqual(len(self.transcriptions(job)), 1)
        # A version below another, and a delete marker.
        self.s3.put_object(Bucket=OUTPUT, Key=f"published/{job}/brief.html", Body=b"")
        self.s3.delete_object(Bucket=OUTPUT, Key=f"published/{job}/brief.md")

        deletion = block("Delete a video", "field()"), block("Delete a video", "delete-object ")
        self.assertIn(f"{job}: {key}, version {version}, PUBLISHED", self.sh(*deletion, JOB=job))
        for place in [(SOURCE, ""), *((OUTPUT, f"{name}/{job}") for name in ("work", "media", "published"))]:
            left = self.s3.list_object_versions(Bucket=place[0], Prefix=place[1] or key)
            self.assertEqual(left.get("Versions", []) + left.get("DeleteMarkers", []), [], place)
        self.assertIsNone(self.job(version))
        self.assertNotIn(job, self.claims().values())
        self.assertEqual(self.transcriptions(job), [])

        # The same content is new again: it gets the claim, and is no duplicate.
        again = self.put(key, video)
        claim = until("the same content is claimed", lambda: self.claims().get(item["ClaimId"]["S"]))
        self.assertEqual(claim, self.job(again)["JobId"]["S"])
        self.assertNotEqual(claim, job)

    def test_dead_letters_are_shown_with_their_reason_and_go_back(self):
        version = self.unheard("dead/letter.mp4", b"no video")
        body = {"reconcile": {"bucket": SOURCE, "objects": [{"key": "dead/letter.mp4", "versionId": version}]}}
        dead_letters = self.queues.get_queue_url(QueueName=PREFIX + "ingest-dead-letters")["QueueUrl"]
        reason = {"ErrorName": {"DataType": "String", "StringValue": "StorageFailed"}}
        self.queues.send_message(QueueUrl=dead_letters, MessageBody=json.dumps(body), MessageAttributes=reason)
        look, back = block("Replay dead letters", "vf dlq\n"), block("Replay dead letters", "send-back")
        self.assertIn("StorageFailed", self.sh(look))
        self.sh(back)
        self.await_job(version, "REJECTED")
        self.assertNotIn("StorageFailed", self.sh(look))

        self.queues.send_message(QueueUrl=dead_letters, MessageBody="moved by SQS")
        told = self.sh("QUEUE=ingest\n", block("Replay dead letters", "start-message-move-task"))
        self.assertIn("COMPLETED", told)
        until("it fails again", lambda: "MessageUnreadable" in self.sh(look))

    def test_a_failed_video_is_found_and_redriven(self):
        version = self.put("failed.mp4", b"no video", profile="unknown")
        job = self.await_job(version, "FAILED")["JobId"]["S"]
        failed = self.sh(block("Redrive a failed video", "vf jobs"))
        for part in [job, "InspectFile", "ProfileNotFound", "failed.mp4"]:
            self.assertIn(part, failed)
        look, drop = block("The failed-videos queue", "--queue"), block("The failed-videos queue", "drop")
        until("everyone is told", lambda: "failed.mp4 failed in InspectFile" in self.sh(look))
        self.sh(drop, JOB=job)
        self.assertNotIn("failed.mp4", self.sh(look))
        self.assertIn("redrive   sanitize-file", self.sh(block("Redrive a failed video", "--dry-run"), JOB=job))
        self.sh(block("Redrive a failed video", "--no-wait"), JOB=job)
        execution = MACHINE.replace(":stateMachine:", ":execution:") + ":" + job
        self.assertEqual(ended(self.states, execution)["redriveCount"], 1)

    def test_the_alias_can_be_set_by_hand(self):
        shown = block("Roll back", "describe-state-machine-alias")
        machine = shown.splitlines()[0] + "\n"
        self.assertIn(MACHINE + ":1", self.sh(shown))
        self.sh(machine, block("Roll back", "update-state-machine-alias"))
        alias = self.states.describe_state_machine_alias(stateMachineAliasArn=MACHINE + ":live")
        self.assertEqual(alias["routingConfiguration"], [{"stateMachineVersionArn": MACHINE + ":1", "weight": 100}])


if __name__ == "__main__":
    unittest.main()
