"""What the tests of AWS's clients share. Where the platform is and who calls it is in the environment, as for any
program that uses boto3: AWS_ENDPOINT_URL, AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY."""

import json
import subprocess
import sys
import time
import unittest
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
PREFIX = "videoflow-local-"
SOURCE = PREFIX + "source"
OUTPUT = PREFIX + "output"
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{PREFIX}process-video"
# Longest wait for anything, and the pause between two looks.
PATIENCE_SECONDS = 300
PAUSE_SECONDS = 0.2


def client(service):
    """A client that shows the first answer instead of trying again."""
    return boto3.client(service, config=Config(retries={"total_max_attempts": 1}, read_timeout=120))


def aws(*arguments):
    """What the AWS CLI answers: JSON where it is some, else text."""
    # The script of the venv names its interpreter by the path where it was made.
    command = [sys.executable, str(Path(sys.executable).parent / "aws"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"aws {' '.join(arguments)}: exit code {done.returncode}\n{done.stderr}")
    try:
        return json.loads(done.stdout)
    except ValueError:
        return done.stdout


def until(what, ask):
    """Asks until there is an answer."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        answer = ask()
        if answer:
            return answer
        time.sleep(PAUSE_SECONDS)
    raise AssertionError(f"waited {PATIENCE_SECONDS} s in vain until {what}")


def ended(states, arn):
    """An execution as it is described once it has ended."""

    def ask():
        execution = states.describe_execution(executionArn=arn)
        return execution if execution["status"] != "RUNNING" else None

    return until(f"{arn} ends", ask)


class ClientTest(unittest.TestCase):
    """A test whose refusals are data."""

    def check_refused(self, code, status, call, *arguments, **parameters):
        """The call is answered by this error code and HTTP status, and where the API model has the error, boto3 raises
        it by its name. A code may be a pair: the shape's name, and the code that clients see."""
        shape, shown = code if isinstance(code, tuple) else (code, code)
        with self.subTest(call=call.__name__, code=shown):
            with self.assertRaises(ClientError) as raised:
                call(*arguments, **parameters)
            error = raised.exception
            self.assertEqual(error.response["Error"]["Code"], shown)
            self.assertEqual(error.response["ResponseMetadata"]["HTTPStatusCode"], status)
            if shape in call.__self__.meta.service_model.shape_names:
                self.assertIsInstance(error, getattr(call.__self__.exceptions, shape))
