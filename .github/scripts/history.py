"""A job's executions, as `videoflow history` tells of them."""

import json
import subprocess
import time

from environment import Refusal
from program import Failed, say

# A look that fails is repeated so often: Step Functions may be throttling.
ATTEMPTS = 4
# Without news, a line so often.
SILENCE_SECONDS = 60
RUNNING = ("RUNNING", "PENDING_REDRIVE")


class TimedOut(Failed):
    """The execution took longer than it may."""


class History:
    """Runs the real command."""

    def __init__(self, videoflow, environment):
        if not videoflow.exists():
            raise Refusal(f"{videoflow} is missing: `make build-local` builds it, or name another one with --videoflow")
        self.environment = environment
        place = ["--environment", environment.name, "--region", environment.region]
        if environment.endpoint_url is not None:
            place = ["--endpoint-url", environment.endpoint_url]
        self.place = place
        # A path without a folder would be looked for in PATH.
        self.command = [videoflow.resolve(), "history", *place]

    def tree(self, execution_arn):
        """The tree of executions, as JSON."""
        for attempt in range(1, ATTEMPTS + 1):
            done = self.ask("--json", execution_arn)
            if done.returncode == 0:
                story = json.loads(done.stdout)
                if story["execution"] is not None:
                    return story["execution"]
            if attempt < ATTEMPTS:
                time.sleep(self.environment.poll_seconds)
        raise Failed(f"videoflow history: {done.stderr.strip() or story['missing']}")

    def text(self, execution_arn):
        """The tree as a person reads it, failed states with input, output and error."""
        done = self.ask(execution_arn)
        return done.stdout if done.returncode == 0 else done.stderr

    def ask(self, *arguments):
        return subprocess.run([*self.command, *arguments], capture_output=True, text=True)

    def follow(self, execution_arn, deadline):
        """Tells of every execution that begins or ends, and gives the tree at the end."""
        known = {}
        told = time.monotonic()
        while True:
            tree = self.tree(execution_arn)
            for execution in flat(tree):
                status = execution["status"]
                if known.get(execution["name"]) != status:
                    known[execution["name"]] = status
                    told = time.monotonic()
                    say(f"{execution['machine']:<18} {status}{elapsed(execution)}")
            if tree["status"] not in RUNNING:
                return tree
            now = time.monotonic()
            if now > deadline:
                raise TimedOut(f"it still runs, and was given no more time (--smoke-minutes): {waiting(tree)}")
            if now - told > SILENCE_SECONDS:
                told = now
                say(f"still running: {waiting(tree)}")
            time.sleep(self.environment.poll_seconds)


def flat(tree):
    """All executions of a tree, parents first."""
    yield tree
    for child in tree["children"]:
        yield from flat(child)


def waiting(tree):
    return ", ".join(execution["machine"] for execution in flat(tree) if execution["status"] in RUNNING)


def elapsed(execution):
    if execution["durationMs"] is None:
        return ""
    return f"  {execution['durationMs'] / 1000:.1f} s"
