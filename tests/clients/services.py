"""DynamoDB, SQS, SNS, EventBridge, Lambda, CloudWatch and STS by boto3 and the AWS CLI."""

import json
import unittest

from local import ACCOUNT, PREFIX, ClientTest, aws, client, until

JOBS = PREFIX + "jobs"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:{PREFIX}notices"
FUNCTION = PREFIX + "inspect-file"


class Tables(ClientTest):
    @classmethod
    def setUpClass(cls):
        cls.tables = client("dynamodb")

    def put(self, number, status="TEST"):
        item = {"JobId": {"S": f"t-{number}"}, "JobStatus": {"S": status}, "UpdatedAt": {"S": str(number)}}
        self.tables.put_item(TableName=JOBS, Item=item)

    def test_items_are_found_by_key_index_and_scan(self):
        for number in range(5):
            self.put(number)
        found = self.tables.get_item(TableName=JOBS, Key={"JobId": {"S": "t-3"}}, ConsistentRead=True)
        self.assertEqual(found["Item"]["UpdatedAt"], {"S": "3"})
        self.assertNotIn("Item", self.tables.get_item(TableName=JOBS, Key={"JobId": {"S": "none"}}))
        query = {
            "TableName": JOBS,
            "IndexName": "JobStatusUpdatedAt",
            "KeyConditionExpression": "JobStatus = :status",
            "ExpressionAttributeValues": {":status": {"S": "TEST"}},
        }
        pages = list(self.tables.get_paginator("query").paginate(**query, PaginationConfig={"PageSize": 2}))
        found = [item["UpdatedAt"]["S"] for page in pages for item in page["Items"]]
        self.assertEqual(found, ["0", "1", "2", "3", "4"])
        self.assertGreater(len(pages), 2)
        pages = self.tables.get_paginator("scan").paginate(TableName=JOBS, PaginationConfig={"PageSize": 2})
        self.assertGreaterEqual(sum(page["Count"] for page in pages), 5)

    def test_conditions_are_kept(self):
        self.put(100, "OTHER")
        key = {"JobId": {"S": "t-100"}}
        put = {"TableName": JOBS, "Item": key, "ConditionExpression": "attribute_not_exists(JobId)"}
        self.check_refused("ConditionalCheckFailedException", 400, self.tables.put_item, **put)
        with self.assertRaises(self.tables.exceptions.TransactionCanceledException) as refused:
            self.tables.transact_write_items(TransactItems=[{"Put": put}])
        reasons = refused.exception.response["CancellationReasons"]
        self.assertEqual([reason["Code"] for reason in reasons], ["ConditionalCheckFailed"])

    def test_errors_are_those_of_dynamodb(self):
        key = {"JobId": {"S": "a"}}
        for code, call, parameters in [
            ("ResourceNotFoundException", "get_item", {"TableName": "none", "Key": key}),
            ("ResourceNotFoundException", "describe_table", {"TableName": "none"}),
            ("ValidationException", "put_item", {"TableName": JOBS, "Item": {"Other": {"S": "a"}}}),
            ("ValidationException", "put_item", {"TableName": JOBS, "Item": key, "ConditionExpression": "no("}),
            ("ResourceInUseException", "create_table", {
                "TableName": JOBS,
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "JobId", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "JobId", "KeyType": "HASH"}],
            }),
        ]:
            self.check_refused(code, 400, getattr(self.tables, call), **parameters)


class Queues(ClientTest):
    @classmethod
    def setUpClass(cls):
        cls.sqs = client("sqs")
        dead = cls.sqs.create_queue(QueueName="letters")["QueueUrl"]
        cls.dead_arn = cls.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": cls.dead_arn, "maxReceiveCount": 1})
        attributes = {"RedrivePolicy": policy, "VisibilityTimeout": "0"}
        cls.dead, cls.queue = dead, cls.sqs.create_queue(QueueName="work", Attributes=attributes)["QueueUrl"]

    def test_messages_go_to_the_dead_letters_and_back(self):
        attributes = {"kind": {"DataType": "String", "StringValue": "test"}}
        sent = self.sqs.send_message(QueueUrl=self.queue, MessageBody="hello", MessageAttributes=attributes)
        asked = {"QueueUrl": self.queue, "MessageAttributeNames": ["All"], "MessageSystemAttributeNames": ["All"]}
        received = self.sqs.receive_message(**asked)["Messages"][0]
        self.assertEqual((received["MessageId"], received["Body"]), (sent["MessageId"], "hello"))
        self.assertEqual(received["MessageAttributes"], attributes)
        self.assertEqual(received["Attributes"]["ApproximateReceiveCount"], "1")
        moved = lambda: "Messages" not in self.sqs.receive_message(**asked)
        until("the message is a dead letter", moved)
        self.assertEqual(self.sqs.list_dead_letter_source_queues(QueueUrl=self.dead)["queueUrls"], [self.queue])
        # The AWS CLI has an address of its own for SQS, which only this option overrides.
        endpoint = ["--endpoint-url", self.sqs.meta.endpoint_url]
        aws("sqs", "start-message-move-task", "--source-arn", self.dead_arn, *endpoint)
        task = self.sqs.list_message_move_tasks(SourceArn=self.dead_arn)["Results"][0]
        self.assertEqual((task["Status"], task["ApproximateNumberOfMessagesMoved"]), ("COMPLETED", 1))
        received = self.sqs.receive_message(QueueUrl=self.queue, VisibilityTimeout=30)["Messages"][0]
        self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=received["ReceiptHandle"])
        left = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["All"])["Attributes"]
        self.assertEqual(left["ApproximateNumberOfMessagesNotVisible"], "0")

    def test_errors_are_those_of_sqs(self):
        none = ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")
        for code, call, parameters in [
            (none, "get_queue_url", {"QueueName": "none"}),
            (none, "send_message", {"QueueUrl": self.queue + "x", "MessageBody": "a"}),
            (("QueueNameExists", "QueueAlreadyExists"), "create_queue", {
                "QueueName": "work", "Attributes": {"VisibilityTimeout": "7"}}),
            ("ReceiptHandleIsInvalid", "delete_message", {"QueueUrl": self.queue, "ReceiptHandle": "none"}),
            ("InvalidAttributeName", "get_queue_attributes", {"QueueUrl": self.queue, "AttributeNames": ["None"]}),
            (("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"), "send_message_batch", {
                "QueueUrl": self.queue, "Entries": []}),
        ]:
            self.check_refused(code, 400, getattr(self.sqs, call), **parameters)
        missing = {"SourceArn": self.dead_arn + "x"}
        self.check_refused("ResourceNotFoundException", 404, self.sqs.start_message_move_task, **missing)


class Notices(ClientTest):
    @classmethod
    def setUpClass(cls):
        cls.sns, cls.events = client("sns"), client("events")

    def test_topics_take_notices(self):
        self.assertIn("MessageId", self.sns.publish(TopicArn=TOPIC, Subject="s", Message="a & b <ü>"))
        entries = [{"Id": "1", "Message": "a"}, {"Id": "2", "Message": "b", "Subject": "two\nlines"}]
        answer = self.sns.publish_batch(TopicArn=TOPIC, PublishBatchRequestEntries=entries)
        self.assertEqual(([entry["Id"] for entry in answer["Successful"]], len(answer["Failed"])), (["1"], 1))
        self.assertEqual(self.sns.get_topic_attributes(TopicArn=TOPIC)["Attributes"]["TopicArn"], TOPIC)
        self.assertIn({"TopicArn": TOPIC}, self.sns.list_topics()["Topics"])
        missing = ("NotFoundException", "NotFound")
        self.check_refused(missing, 404, self.sns.publish, TopicArn=TOPIC + "x", Message="a")
        invalid = ("InvalidParameterException", "InvalidParameter")
        self.check_refused(invalid, 400, self.sns.publish, TopicArn=TOPIC, Message="")

    def test_rules_choose_events(self):
        names = [rule["Name"] for rule in self.events.list_rules(NamePrefix=PREFIX)["Rules"]]
        self.assertEqual(names, [PREFIX + "object-created", PREFIX + "video-failed"])
        targets = self.events.list_targets_by_rule(Rule=names[0])["Targets"]
        self.assertEqual(targets[0]["Arn"], f"arn:aws:sqs:us-east-1:{ACCOUNT}:{PREFIX}ingest")
        queue = client("sqs").create_queue(QueueName="events")["QueueUrl"]
        self.events.put_rule(Name="mine", EventPattern='{"source": ["test"]}')
        target = {"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:events"}
        self.events.put_targets(Rule="mine", Targets=[target])
        entry = {"Source": "test", "DetailType": "d", "Detail": '{"a": 1}'}
        answer = self.events.put_events(Entries=[entry, {**entry, "Detail": "["}])
        self.assertEqual(answer["FailedEntryCount"], 1)
        self.assertEqual(answer["Entries"][1]["ErrorCode"], "MalformedDetail")
        received = client("sqs").receive_message(QueueUrl=queue)["Messages"]
        self.assertEqual(json.loads(received[0]["Body"])["detail"], {"a": 1})
        self.events.disable_rule(Name="mine")
        self.events.put_events(Entries=[entry])
        self.assertNotIn("Messages", client("sqs").receive_message(QueueUrl=queue))
        self.check_refused("ValidationException", 400, self.events.delete_rule, Name="mine")
        self.events.remove_targets(Rule="mine", Ids=["1"])
        self.events.delete_rule(Name="mine")
        self.check_refused("ResourceNotFoundException", 400, self.events.describe_rule, Name="mine")


class Functions(ClientTest):
    @classmethod
    def setUpClass(cls):
        cls.functions = client("lambda")

    def test_functions_are_described(self):
        pages = self.functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 7})
        names = [function["FunctionName"] for page in pages for function in page["Functions"]]
        self.assertEqual((len(names), names), (19, sorted(names)))
        self.assertIn(FUNCTION, names)
        found = self.functions.get_function(FunctionName=FUNCTION)["Configuration"]
        self.assertEqual((found["State"], found["Runtime"]), ("Active", "provided.al2023"))

    def test_a_function_that_fails_is_an_answer(self):
        answer = self.functions.invoke(FunctionName=FUNCTION, Payload=b'{"no": 1}', LogType="Tail")
        self.assertEqual((answer["StatusCode"], answer["FunctionError"]), (200, "Unhandled"))
        self.assertEqual(json.loads(answer["Payload"].read())["errorType"], "InvalidInput")
        self.assertEqual(answer["ExecutedVersion"], "1")
        self.assertIn("LogResult", answer)
        for kind, status in [("Event", 202), ("DryRun", 204)]:
            answer = self.functions.invoke(FunctionName=FUNCTION, Payload=b"{}", InvocationType=kind)
            self.assertEqual((answer["StatusCode"], answer["Payload"].read()), (status, b""))

    def test_errors_are_those_of_lambda(self):
        for code, status, call, parameters in [
            ("ResourceNotFoundException", 404, "invoke", {"FunctionName": "none"}),
            ("ResourceNotFoundException", 404, "invoke", {"FunctionName": FUNCTION, "Qualifier": "99"}),
            ("ResourceNotFoundException", 404, "get_function", {"FunctionName": "none"}),
            ("InvalidRequestContentException", 400, "invoke", {"FunctionName": FUNCTION, "Payload": b"{"}),
        ]:
            self.check_refused(code, status, getattr(self.functions, call), **parameters)


class Alarms(ClientTest):
    @classmethod
    def setUpClass(cls):
        cls.alarms = client("cloudwatch")

    def test_a_release_watches_the_environments_alarm(self):
        name = PREFIX + "unhealthy"
        ask = ["cloudwatch", "describe-alarms", "--alarm-types", "CompositeAlarm", "--alarm-names", name]
        ask += ["--query", "CompositeAlarms[0].StateValue"]
        self.assertEqual(aws(*ask), "OK")
        aws("cloudwatch", "set-alarm-state", "--alarm-name", name, "--state-value", "ALARM", "--state-reason", "test")
        self.assertEqual(aws(*ask), "ALARM")
        self.assertEqual(self.alarms.describe_alarms(AlarmNames=[name])["MetricAlarms"], [])
        history = self.alarms.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")
        summaries = [item["HistorySummary"] for item in history["AlarmHistoryItems"]]
        self.assertEqual(summaries[0], "Alarm updated from OK to ALARM")

    def test_alarms_come_and_go(self):
        put = {"MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
               "Threshold": 0.5, "ComparisonOperator": "GreaterThanThreshold"}
        for number in range(3):
            self.alarms.put_metric_alarm(AlarmName=f"test-{number}", **put)
        self.alarms.set_alarm_state(AlarmName="test-1", StateValue="ALARM", StateReason="r")
        pages = self.alarms.get_paginator("describe_alarms")
        pages = list(pages.paginate(AlarmNamePrefix="test-", PaginationConfig={"PageSize": 2}))
        found = {alarm["AlarmName"]: alarm for page in pages for alarm in page["MetricAlarms"]}
        states = [found[f"test-{number}"]["StateValue"] for number in range(3)]
        self.assertEqual((states, len(pages)), (["INSUFFICIENT_DATA", "ALARM", "INSUFFICIENT_DATA"], 2))
        self.assertEqual((found["test-0"]["Threshold"], found["test-0"]["StateUpdatedTimestamp"].year > 2000), (0.5, True))
        on = self.alarms.describe_alarms(AlarmNamePrefix="test-", StateValue="ALARM")["MetricAlarms"]
        self.assertEqual([alarm["AlarmName"] for alarm in on], ["test-1"])
        self.alarms.delete_alarms(AlarmNames=list(found))
        gone = {"AlarmName": "test-1", "StateValue": "OK", "StateReason": "r"}
        self.check_refused("ResourceNotFound", 404, self.alarms.set_alarm_state, **gone)


class Callers(ClientTest):
    def test_everybody_is_who_they_say(self):
        found = aws("sts", "get-caller-identity")
        self.assertEqual((found["Account"], found["UserId"]), (ACCOUNT, "tester"))

    def test_what_is_not_answered_is_named(self):
        # One for each protocol: JSON, Query, REST-JSON, and operations of services that are here.
        for service, call, parameters in [
            ("logs", "describe_log_groups", {}),
            ("cloudformation", "list_stacks", {}),
            ("polly", "describe_voices", {}),
            ("sts", "get_session_token", {}),
            ("sns", "list_platform_applications", {}),
            ("lambda", "list_layers", {}),
            ("dynamodb", "list_backups", {}),
        ]:
            with self.subTest(service=service):
                with self.assertRaisesRegex(Exception, "UnknownOperation.*the local platform does not answer"):
                    getattr(client(service), call)(**parameters)


if __name__ == "__main__":
    unittest.main()
