"""What a smoke test expects of the brief that its video became."""

import json

import fastjsonschema
from botocore.exceptions import ClientError

from environment import ROOT
from history import flat
from program import Failed

SCHEMA = ROOT / "functions/shared/schemas/brief.schema.json"


def check(job, tree):
    """Counts of what was found well; raises `Failed` with everything that was not."""
    bad = [
        f"{execution['machine']} ended {execution['status']}, and the brief is without its part"
        for execution in flat(tree)
        if execution["status"] != "SUCCEEDED"
    ]
    item = job.item() or {}
    status = item.get("JobStatus", {}).get("S", "missing")
    if status != "PUBLISHED":
        raise Failed(f"the job's item says {status}, not PUBLISHED")
    key = f"published/{job.job_id}/brief.json"
    place = f"s3://{job.environment.output_bucket}/{key}"
    told = item.get("OutputLocations", {}).get("M", {}).get("briefJson", {}).get("S")
    if told != place:
        bad.append(f"the job's item says that the brief is at {told}, not at {place}")
    brief = read(job, key)
    bad += members(job, brief)
    if bad:
        raise Failed("the brief is not as it should be:\n  " + "\n  ".join(bad))
    missing = [uri for uri in pointed_at(brief) if not exists(job, uri)]
    if missing:
        raise Failed("the brief points at what is not there:\n  " + "\n  ".join(missing))
    return {"statements": len(supported(brief)), "objects": len(pointed_at(brief))}


def read(job, key):
    try:
        body = job.environment.s3.get_object(Bucket=job.environment.output_bucket, Key=key)["Body"]
        return json.load(body)
    except (ClientError, ValueError) as error:
        raise Failed(f"{key} cannot be read: {error}") from error


def members(job, brief):
    """Everything that is wrong with the document itself."""
    try:
        fastjsonschema.compile(json.loads(SCHEMA.read_text()))(brief)
    except fastjsonschema.JsonSchemaException as error:
        return [f"brief.json breaks {SCHEMA.name}: {error}"]
    bad = [f"{name} is {brief[name]}" for name in ("runId", "videoId") if brief[name] != job.job_id]
    told = {name: brief["source"][name] for name in job.source}
    if told != job.source:
        bad.append(f"source is {told}, not {job.source}")
    if not supported(brief):
        bad.append("no statement has evidence")
    kinds = {rendition["kind"] for rendition in brief["renditions"]}
    bad += [f"there is no rendition of kind {kind}" for kind in sorted({"mp4", "hls", "dash"} - kinds)]
    if brief["statistics"]["words"] > 0 and not brief["subtitles"]:
        bad.append("somebody speaks, and there are no subtitles")
    return bad


def supported(brief):
    """Statements with evidence."""
    statements = [brief["title"], brief["summary"]]
    statements += [chapter["summary"] for chapter in brief["chapters"]]
    statements += [moment["reason"] for moment in brief["keyMoments"]]
    return [statement for statement in statements if statement["evidence"]]


def pointed_at(brief):
    """Objects that whoever watches the video needs."""
    uris = [part["uri"] for part in brief["renditions"] + brief["subtitles"]]
    return uris + [chapter["keyframeUri"] for chapter in brief["chapters"] if "keyframeUri" in chapter]


def exists(job, uri):
    """Whether it is an object of the job that holds something."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    folders = tuple(f"{folder}/{job.job_id}/" for folder in ("media", "published"))
    if bucket != job.environment.output_bucket or not key.startswith(folders):
        return False
    try:
        return job.environment.s3.head_object(Bucket=bucket, Key=key)["ContentLength"] > 0
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
