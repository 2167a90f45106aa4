"""The smoke test's own job: its video, its start, and the removal of everything that it made."""

import hashlib
import json
import secrets
import struct
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone

from botocore.exceptions import ClientError

from environment import Environment, Refusal
from history import RUNNING
from program import Failed, say

# Uploads below it start nothing by themselves: statemachines/object-created.pattern.json leaves them out.
RESERVED_PREFIX = "smoke/"
# Uploads below it are like anybody's.
LIVE_PREFIX = "live-smoke/"
PROFILE = "default"
# How long record-failure may take to settle a job that failed.
SETTLING_SECONDS = 60
OPEN = ("PROCESSING", "AWAITING_REVIEW")
DELETED_AT_ONCE = 1000


@dataclass
class Job:
    """One job of the smoke test."""

    environment: Environment
    key: str
    version_id: str
    job_id: str
    left: list = field(default_factory=list)

    @property
    def execution_arn(self):
        return self.environment.process_video.execution_arn(self.job_id)

    @property
    def source(self):
        return {"bucket": self.environment.source_bucket, "key": self.key, "versionId": self.version_id}

    def start(self, version_arn):
        """Records and starts the job as start-processing does, but by a version of the machine."""
        environment = self.environment
        environment.dynamodb.put_item(
            TableName=environment.jobs_table,
            Item=item(self),
            ConditionExpression="attribute_not_exists(JobId)",
        )
        environment.states.start_execution(stateMachineArn=version_arn, name=self.job_id, input=execution_input(self))
        used = self.describe().get("stateMachineVersionArn")
        if used != version_arn:
            raise Failed(f"{self.job_id} runs on {used}, not on {version_arn}: somebody else has started it")

    def describe(self):
        """The job's execution. None: there is none."""
        try:
            return self.environment.states.describe_execution(executionArn=self.execution_arn)
        except self.environment.states.exceptions.ExecutionDoesNotExist:
            return None

    def await_start(self, deadline):
        """Waits until the upload has started the job by itself."""
        while self.describe() is None:
            if time.monotonic() > deadline:
                raise Failed(
                    f"the upload started no execution {self.job_id}: look at the rule object-created, the ingest queue with "
                    "its dead letters, and start-processing's log"
                )
            time.sleep(self.environment.poll_seconds)

    def item(self):
        """The job's item. None: there is none."""
        answer = self.environment.dynamodb.get_item(
            TableName=self.environment.jobs_table, Key={"JobId": {"S": self.job_id}}, ConsistentRead=True
        )
        return answer.get("Item")

    def stop(self):
        """Ends what still runs, and waits until the job is settled and nobody writes about it any more."""
        found = self.describe()
        if found is None or found["status"] == "SUCCEEDED":
            return
        if found["status"] in RUNNING:
            self.environment.states.stop_execution(
                executionArn=self.execution_arn,
                error="SmokeTest.Stopped",
                cause="The smoke test was stopped or took too long.",
            )
            self.tell_of_services()
        self.await_settlement()

    def tell_of_services(self):
        """A service ends what it has begun, whatever became of its execution."""
        stages = (self.item() or {}).get("Stages", {}).get("M", {})
        running = [name for name, stage in stages.items() if stage["M"]["status"]["S"] == "RUNNING"]
        if running:
            place = f"s3://{self.environment.output_bucket}"
            self.left.append(
                f"what services still do of it ({', '.join(running)}); when they are done: "
                f"aws s3 rm --recursive {place}/media/{self.job_id}/, and the same of {place}/work/{self.job_id}/"
            )

    def await_settlement(self):
        end = time.monotonic() + SETTLING_SECONDS
        while time.monotonic() < end:
            found = self.item() or {}
            status = found.get("JobStatus", {}).get("S")
            if status == "FAILED" and "FailureAnnounced" in found:
                self.left.append("a message in the failed-videos queue and a notice tell of the failed job")
                return
            if status not in (*OPEN, "FAILED"):
                return
            time.sleep(self.environment.poll_seconds)
        self.left.append(
            f"record-failure had not settled the job after {SETTLING_SECONDS} s: see the queue of failures"
        )

    def remove(self):
        """Removes exactly what the job made: source first, so that nothing finds a video without a job."""
        self.stop()
        environment = self.environment
        sources = delete_versions(environment.s3, environment.source_bucket, self.key, exact=True)
        outputs = sum(
            delete_versions(environment.s3, environment.output_bucket, f"{folder}/{self.job_id}/")
            for folder in ("published", "media", "work")
        )
        claims = self.remove_claim(self.item())
        environment.dynamodb.delete_item(TableName=environment.jobs_table, Key={"JobId": {"S": self.job_id}})
        say(f"removed: {sources} source object, {outputs} objects of the job, {claims} claim, the job item")
        self.left.insert(
            0, "the executions' histories (Step Functions forgets them after 90 days), logs, and notices that went out"
        )

    def remove_claim(self, found):
        """Removes the job's claim on its content; one that another job holds stays."""
        claim = (found or {}).get("ClaimId")
        if claim is None:
            return 0
        try:
            self.environment.dynamodb.delete_item(
                TableName=self.environment.claims_table,
                Key={"ClaimId": claim},
                ConditionExpression="JobId = :job",
                ExpressionAttributeValues={":job": {"S": self.job_id}},
            )
        except self.environment.dynamodb.exceptions.ConditionalCheckFailedException:
            return 0
        return 1


def upload(environment, video, prefix):
    """Uploads a video that is like no other: equal content would be a duplicate."""
    number = secrets.token_bytes(16)
    key = f"{prefix}{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-{number.hex()[:12]}.mp4"
    try:
        put = environment.s3.put_object(
            Bucket=environment.source_bucket, Key=key, Body=unique(video, number), ContentType="video/mp4"
        )
    except ClientError as error:
        raise Failed(f"the video cannot be uploaded to {environment.source_bucket}: {error}") from error
    version_id = put.get("VersionId", "null")
    say(f"uploaded s3://{environment.source_bucket}/{key}")
    return Job(environment, key, version_id, job_id(environment.source_bucket, key, version_id, PROFILE))


def unique(video, number):
    """An MP4's bytes with a box behind them that players skip (ISO/IEC 14496-12: `free`), of 16 random bytes."""
    try:
        content = video.read_bytes()
    except OSError as error:
        raise Refusal(f"{video}: {error.strerror}") from error
    if content[4:8] != b"ftyp":
        raise Refusal(f"{video} is no MP4 file")
    return content + struct.pack(">I4s", 8 + len(number), b"free") + number


def job_id(*parts):
    """The id that functions/shared/src/identity.rs gives a job: of bucket, key, version and profile."""
    digest = hashlib.sha256()
    for part in (part.encode() for part in parts):
        digest.update(struct.pack(">Q", len(part)) + part)
    return f"v-{digest.hexdigest()[:40]}"


def item(job):
    """The item that functions/shared/src/intake/item.rs writes before it starts a job."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    texts = {
        "JobId": job.job_id,
        "JobStatus": "PROCESSING",
        "SourceBucket": job.environment.source_bucket,
        "SourceKey": job.key,
        "SourceVersionId": job.version_id,
        "Profile": PROFILE,
        "ExecutionArn": job.execution_arn,
        "CreatedAt": now,
        "UpdatedAt": now,
    }
    return {name: {"S": text} for name, text in texts.items()} | {"RedriveCount": {"N": "0"}, "Stages": {"M": {}}}


def execution_input(job):
    """The canonical input, by the same source."""
    document = {"jobId": job.job_id, "source": job.source, "profile": PROFILE, "forced": False}
    return json.dumps(document, separators=(",", ":"))


def delete_versions(s3, bucket, prefix, exact=False):
    """Deletes all versions below a prefix (or, exactly, of one key), and gives their number."""
    count = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        found = [
            {"Key": version["Key"], "VersionId": version["VersionId"]}
            for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if not exact or version["Key"] == prefix
        ]
        for start in range(0, len(found), DELETED_AT_ONCE):
            batch = found[start : start + DELETED_AT_ONCE]
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
            for error in answer.get("Errors", []):
                raise Failed(f"s3://{bucket}/{error['Key']} cannot be deleted: {error['Code']}: {error['Message']}")
            count += len(batch)
    return count
