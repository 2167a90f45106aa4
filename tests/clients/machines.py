"""State machines of one's own by boto3: versions, an alias with weights, a task token."""

import json
import unittest

from local import ACCOUNT, OUTPUT, ClientTest, client, ended

ROLE = f"arn:aws:iam::{ACCOUNT}:role/test"


def definition(state):
    return json.dumps({"QueryLanguage": "JSONata", "StartAt": "Only", "States": {"Only": {**state, "End": True}}})


class Machines(ClientTest):
    @classmethod
    def setUpClass(cls):
        cls.states = client("stepfunctions")

    def test_an_alias_routes_by_weights(self):
        create = {"name": "weighted", "roleArn": ROLE, "definition": definition({"Type": "Pass", "Output": 1})}
        made = self.states.create_state_machine(**create, publish=True)
        machine, first = made["stateMachineArn"], made["stateMachineVersionArn"]
        changed = {"stateMachineArn": machine, "definition": definition({"Type": "Pass", "Output": 2})}
        second = self.states.update_state_machine(**changed, publish=True)["stateMachineVersionArn"]
        routes = lambda *weights: [
            {"stateMachineVersionArn": arn, "weight": weight} for arn, weight in zip([first, second], weights, strict=True) if weight
        ]
        alias = self.states.create_state_machine_alias(name="live", routingConfiguration=routes(100, 0))
        alias = alias["stateMachineAliasArn"]
        run = lambda: ended(self.states, self.states.start_execution(stateMachineArn=alias)["executionArn"])
        execution = run()
        self.assertEqual((execution["output"], execution["stateMachineVersionArn"]), ("1", first))
        self.states.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=routes(50, 50))
        outputs = {run()["output"] for _ in range(40)}
        self.assertEqual(outputs, {"1", "2"})
        self.states.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=routes(0, 100))
        self.assertEqual(run()["output"], "2")

    def test_a_redrive_goes_on_once_the_cause_is_mended(self):
        state = {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:headObject",
            "Arguments": {"Bucket": OUTPUT, "Key": "mended"},
            "Output": "{% $states.result.ContentLength %}",
        }
        made = self.states.create_state_machine(name="mended", roleArn=ROLE, definition=definition(state))
        arn = self.states.start_execution(stateMachineArn=made["stateMachineArn"])["executionArn"]
        self.assertEqual(ended(self.states, arn)["status"], "FAILED")
        client("s3").put_object(Bucket=OUTPUT, Key="mended", Body=b"123")
        self.states.redrive_execution(executionArn=arn)
        execution = ended(self.states, arn)
        self.assertEqual((execution["status"], execution["output"]), ("SUCCEEDED", "3"))
        self.check_refused("ExecutionNotRedrivable", 400, self.states.redrive_execution, executionArn=arn)

    def test_a_task_waits_for_its_token(self):
        queue = client("sqs").create_queue(QueueName="tokens")["QueueUrl"]
        state = {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Arguments": {"QueueUrl": queue, "MessageBody": "{% $states.context.Task.Token %}"},
        }
        made = self.states.create_state_machine(name="tokens", roleArn=ROLE, definition=definition(state))
        arn = self.states.start_execution(stateMachineArn=made["stateMachineArn"])["executionArn"]
        received = client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"][0]
        self.states.send_task_success(taskToken=received["Body"], output='{"by": "boto3"}')
        self.assertEqual(json.loads(ended(self.states, arn)["output"]), {"by": "boto3"})
        again = {"taskToken": received["Body"], "output": "{}"}
        self.check_refused("TaskTimedOut", 400, self.states.send_task_success, **again)


if __name__ == "__main__":
    unittest.main()
