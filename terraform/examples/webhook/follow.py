#!/usr/bin/env python3
"""Posts the events of a local platform to a URL, as an API destination does on AWS. Needs boto3.

`videoflow up` has rules whose targets are queues, and no API destinations: this makes rule and queue, and posts what comes. A
message is deleted when the receiver has answered well; else it comes again.
"""

import argparse
import contextlib
import json
import os
import sys
import urllib.request

import boto3

NAME = "webhook-example"
TIMEOUT_SECONDS = 5


def queue_with_rule(sqs, events, bus):
    """Makes the queue and the rule that feeds it; both may be there already."""
    url = sqs.create_queue(QueueName=NAME)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = json.dumps({"source": ["videoflow"], "detail": {"version": ["1"]}})
    events.put_rule(Name=NAME, EventBusName=bus, EventPattern=pattern)
    events.put_targets(Rule=NAME, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
    return url


def post(url, body, api_key):
    """Posts an event; says what is wrong, or None."""
    headers = {"content-type": "application/json", "x-api-key": api_key}
    request = urllib.request.Request(url, body.encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
            return None
    except OSError as error:
        return str(error)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0], epilog="The key is WEBHOOK_API_KEY.")
    parser.add_argument("url", help="where the receiver listens")
    parser.add_argument("--endpoint-url", required=True, help="of the local platform")
    parser.add_argument("--bus", default="videoflow-local-domain", help="(default videoflow-local-domain)")
    parser.add_argument("--until-quiet", action="store_true", help="end when nothing came for a second")
    options = parser.parse_args()
    local = {"endpoint_url": options.endpoint_url, "region_name": "us-east-1"}
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    sqs, events = (boto3.client(service, **local, **keys) for service in ("sqs", "events"))
    queue = queue_with_rule(sqs, events, options.bus)
    print(f"following {options.bus}", flush=True)
    wait_seconds = 1 if options.until_quiet else 20
    while True:
        received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds)
        messages = received.get("Messages", [])
        if not messages and options.until_quiet:
            return
        for message in messages:
            wrong = post(options.url, message["Body"], os.environ.get("WEBHOOK_API_KEY", ""))
            if wrong:
                print(f"not delivered, comes again: {wrong}", file=sys.stderr, flush=True)
            else:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
