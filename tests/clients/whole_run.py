"""A video's whole way by boto3 and the AWS CLI: upload, wait, history, brief, notice of it, and a redrive."""

import json
import os
import tempfile
import unittest
from pathlib import Path

from local import ACCOUNT, MACHINE, OUTPUT, PREFIX, SOURCE, ClientTest, aws, client, ended, until

KEY = "uploads/my video + 1/ü.mp4"


class WholeRun(ClientTest):
    @classmethod
    def setUpClass(cls):
        cls.states = client("stepfunctions")

    def test_an_upload_becomes_a_brief(self):
        place = f"s3://{SOURCE}/{KEY}"
        aws("s3", "cp", "--only-show-errors", "--metadata", "videoflow-profile=lean", os.environ["VIDEO"], place)
        listed = lambda: self.states.list_executions(stateMachineArn=MACHINE)["executions"]
        arn = until("the upload starts an execution", listed)[0]["executionArn"]
        execution = ended(self.states, arn)
        self.assertEqual(execution["status"], "SUCCEEDED")
        job = execution["name"]
        self.assertEqual(json.loads(execution["input"])["source"]["key"], KEY)
        self.check_history(arn)

        with tempfile.TemporaryDirectory() as folder:
            found = client("s3").get_paginator("list_objects_v2").paginate(Bucket=OUTPUT)
            keys = [entry["Key"] for page in found for entry in page.get("Contents", [])]
            brief = next(key for key in keys if key.endswith("/brief.json"))
            aws("s3", "sync", "--only-show-errors", f"s3://{OUTPUT}/{Path(brief).parent}", folder)
            written = json.loads((Path(folder) / "brief.json").read_text())
        self.assertEqual(written["runId"], job)
        item = client("dynamodb").get_item(TableName=PREFIX + "jobs", Key={"JobId": {"S": job}})["Item"]
        self.assertEqual(item["JobStatus"], {"S": "PUBLISHED"})

    def check_history(self, arn):
        pages = self.states.get_paginator("get_execution_history")
        pages = list(pages.paginate(executionArn=arn, PaginationConfig={"PageSize": 20}))
        events = [event for page in pages for event in page["events"]]
        self.assertEqual([event["id"] for event in events], list(range(1, len(events) + 1)))
        self.assertGreater(len(pages), 1)
        self.assertEqual((events[0]["type"], events[-1]["type"]), ("ExecutionStarted", "ExecutionSucceeded"))
        command = ["stepfunctions", "get-execution-history", "--execution-arn", arn]
        last = aws(*command, "--reverse-order", "--max-items", "1")["events"]
        self.assertEqual([event["id"] for event in last], [len(events)])

    def test_a_failed_execution_can_be_redriven(self):
        machine = MACHINE.replace("process-video", "sanitize-file")
        started = self.states.start_execution(stateMachineArn=machine, name="broken", input='{"no": 1}')
        arn = started["executionArn"]
        failed = ended(self.states, arn)
        self.assertEqual((failed["status"], failed["redriveCount"]), ("FAILED", 0))
        self.assertEqual(failed["redriveStatus"], "REDRIVABLE")
        self.states.redrive_execution(executionArn=arn)
        self.assertEqual(ended(self.states, arn)["redriveCount"], 1)
        history = self.states.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        self.assertIn("ExecutionRedriven", [event["type"] for event in history])

    def test_errors_are_those_of_step_functions(self):
        none = f"arn:aws:states:us-east-1:{ACCOUNT}:execution:{PREFIX}process-video:none"
        for code, call, parameters in [
            ("ExecutionDoesNotExist", "describe_execution", {"executionArn": none}),
            ("ExecutionDoesNotExist", "get_execution_history", {"executionArn": none}),
            ("ExecutionDoesNotExist", "redrive_execution", {"executionArn": none}),
            ("ExecutionDoesNotExist", "stop_execution", {"executionArn": none}),
            ("InvalidArn", "describe_execution", {"executionArn": "none"}),
            ("StateMachineDoesNotExist", "start_execution", {"stateMachineArn": MACHINE + "x"}),
            ("StateMachineDoesNotExist", "list_executions", {"stateMachineArn": MACHINE + "x"}),
            ("InvalidExecutionInput", "start_execution", {"stateMachineArn": MACHINE, "input": "{"}),
            ("InvalidName", "start_execution", {"stateMachineArn": MACHINE, "name": "a b"}),
        ]:
            self.check_refused(code, 400, getattr(self.states, call), **parameters)


if __name__ == "__main__":
    unittest.main()
