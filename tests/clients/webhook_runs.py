"""The webhook example against `videoflow up`: its receiver, and what posts to it where there are no API destinations."""

import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from local import PREFIX, client

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "terraform/examples/webhook"
KEY = "k-1"


def examples():
    """The events of docs/events.md, by type."""
    page = (ROOT / "docs/events.md").read_text()
    events = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    return {event["detail-type"]: event for event in events}


def put(event):
    """Puts an event on the bus of domain events."""
    entry = {"EventBusName": PREFIX + "domain", "Source": event["source"], "DetailType": event["detail-type"]}
    answer = client("events").put_events(Entries=[{**entry, "Detail": json.dumps(event["detail"])}])
    assert answer["FailedEntryCount"] == 0, answer


class Webhook(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.catalogue = Path(folder.name) / "catalogue.sqlite"
        command = [sys.executable, EXAMPLE / "receiver.py", "--port", "0", "--catalogue", self.catalogue]
        environment = {**os.environ, "WEBHOOK_API_KEY": KEY}
        self.receiver = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(self.receiver.stdout.close)
        self.addCleanup(self.receiver.wait)
        self.addCleanup(self.receiver.terminate)
        self.url = self.receiver.stdout.readline().split()[-1]

    def post(self, body, key=KEY):
        """Status and text of the receiver's answer."""
        request = urllib.request.Request(self.url, body, {"x-api-key": key}, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def rows(self, query):
        with contextlib.closing(sqlite3.connect(self.catalogue)) as catalogue:
            return catalogue.execute(query).fetchall()

    def follow(self, key=KEY):
        """What follow.py says until nothing comes any more."""
        command = [sys.executable, EXAMPLE / "follow.py", "--until-quiet", self.url]
        command += ["--endpoint-url", os.environ["AWS_ENDPOINT_URL"]]
        environment = {**os.environ, "WEBHOOK_API_KEY": key}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stderr

    def test_refuses_what_it_should_not_keep(self):
        event = examples()["VideoPublished"]
        body = json.dumps(event).encode()
        self.assertEqual(self.post(body, "other")[0], 401)
        self.assertEqual(self.post(b"{}")[0], 400)
        self.assertEqual(self.post(b"[1]")[0], 400)
        self.assertEqual(self.post(b"no JSON")[0], 400)
        self.assertEqual(self.post(b" " * 70_000)[0], 413)
        self.assertEqual(self.rows("SELECT * FROM videos"), [])
        self.assertEqual(self.rows("SELECT * FROM events"), [])

    def test_keeps_an_event_once_and_the_newest_state(self):
        published, deleted = examples()["VideoPublished"], examples()["VideoDeleted"]
        deleted["time"] = "2026-11-23T00:00:00Z"
        self.assertEqual(self.post(json.dumps(published).encode()), (200, "kept"))
        self.assertEqual(self.post(json.dumps(published).encode()), (200, "known already"))
        state = "SELECT state, brief FROM videos"
        self.assertEqual(self.rows(state), [("VideoPublished", published["detail"]["brief"])])
        self.assertEqual(self.post(json.dumps(deleted).encode()), (200, "kept"))
        late = {**published, "id": "another one"}
        self.assertEqual(self.post(json.dumps(late).encode()), (200, "kept"))
        self.assertEqual(self.rows(state), [("VideoDeleted", None)])

    def test_takes_every_event_and_follows_the_local_platform(self):
        self.assertEqual(self.follow(), "")
        events = examples()
        self.assertEqual(len(events), 5)
        for number, event in enumerate(events.values()):
            event["detail"]["videoId"] = f"v-{number:040x}"
            put(event)
        self.assertIn("comes again", self.follow("other"))
        self.assertEqual(self.rows("SELECT * FROM videos"), [])
        client("sqs").purge_queue(QueueUrl=client("sqs").get_queue_url(QueueName="webhook-example")["QueueUrl"])
        for event in events.values():
            put(event)
        self.assertEqual(self.follow(), "")
        self.assertEqual({state for (state,) in self.rows("SELECT state FROM videos")}, set(events))


if __name__ == "__main__":
    unittest.main()
