"""Sends a video through a deployed environment, checks the brief that it becomes, and removes what that made."""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import brief
import environment as environments
from history import History
from job import LIVE_PREFIX, RESERVED_PREFIX, upload
from program import EXIT_CODES, Failed, run, say, undisturbed

EXAMPLES = """
examples:
  make smoke ENV=local                                 beside a `videoflow up`
  make smoke ENV=dev                                   after `make apply ENV=dev`
  .github/scripts/run.sh smoke prod --version arn:…:stateMachine:videoflow-prod-process-video:12
  .github/scripts/run.sh smoke staging --outputs outputs.json --json
"""


@dataclass(frozen=True)
class Options:
    """How a smoke test is made."""

    video: Path
    videoflow: Path
    minutes: float
    keep: bool = False


def add_arguments(parser):
    """Arguments that every program with a smoke test takes."""
    root = environments.ROOT
    parser.add_argument(
        "--video", type=Path, default=root / "tests/media/sample.mp4", help="an MP4 file (default: the sample)"
    )
    parser.add_argument(
        "--videoflow",
        type=Path,
        default=root / "target/debug/videoflow",
        help="the command line (default: %(default)s)",
    )
    parser.add_argument(
        "--smoke-minutes", type=float, default=30, metavar="N", help="longest time for the video (default: %(default)s)"
    )
    parser.add_argument("--keep", action="store_true", help="remove nothing of the video's job")


def options(arguments):
    return Options(arguments.video, arguments.videoflow, arguments.smoke_minutes, arguments.keep)


def smoke(environment, wanted, version_arn=None):
    """The facts of a smoke test that went well; raises `Failed` otherwise. None as version: the way of all uploads."""
    history = History(wanted.videoflow, environment)
    begun = time.monotonic()
    deadline = begun + wanted.minutes * 60
    job = upload(environment, wanted.video, LIVE_PREFIX if version_arn is None else RESERVED_PREFIX)
    try:
        say(
            f"smoke test of {environment.name} through {version_arn or 'the alias ' + environments.ALIAS}: job {job.job_id}"
        )
        if version_arn is None:
            job.await_start(deadline)
        else:
            job.start(version_arn)
        tree = history.follow(job.execution_arn, deadline)
        if tree["status"] != "SUCCEEDED":
            raise Failed(f"the execution ended {tree['status']}")
        facts = brief.check(job, tree)
    except Failed as failed:
        if job.describe() is not None:
            say(f"{failed}\n{history.text(job.execution_arn)}")
            say(f"more: videoflow history {job.execution_arn} {' '.join(history.place)}")
            say("what the error means: docs/errors.md; --keep leaves the job as it is, for a redrive")
        raise Failed(f"smoke test of {environment.name}: {failed}") from failed
    finally:
        clear(job, wanted.keep)
    seconds = time.monotonic() - begun
    say(
        f"the smoke test passed: {facts['statements']} statements with evidence, {facts['objects']} objects, {seconds:.0f} s"
    )
    return {
        "jobId": job.job_id,
        "executionArn": job.execution_arn,
        "seconds": round(seconds, 1),
        **facts,
        "left": job.left,
    }


def clear(job, keep):
    """Removes what the job made, or says where it is."""
    if keep:
        say(f"kept: job {job.job_id}, s3://{job.environment.source_bucket}/{job.key}")
        return
    say("removing what the job made …")
    with undisturbed():
        try:
            job.remove()
        except Exception as error:
            job.left.append(
                f"NOT everything of job {job.job_id} (s3://{job.environment.source_bucket}/{job.key}): {error}"
            )
    for left in job.left:
        say(f"left: {left}")


def main():
    parser = argparse.ArgumentParser(
        prog="smoke",
        description=__doc__,
        epilog=EXAMPLES + EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    environments.add_arguments(parser)
    parser.add_argument(
        "--version", metavar="ARN", help="version of process-video to go through (default: the alias, as any upload)"
    )
    add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    environment = environments.load(arguments.environment, arguments.outputs)
    facts = smoke(environment, options(arguments), arguments.version)
    if arguments.json:
        print(json.dumps({"environment": environment.name, "passed": True, **facts}))
    return 0


if __name__ == "__main__":
    run(main)
