"""What Schemathesis cannot know: jobs that there are, and keys of uploads. Most requests ask for one of them, the others
for what was generated. JOB_IDS and KEYS name them, separated by spaces."""

import os
import zlib

import schemathesis

JOBS = os.environ["JOB_IDS"].split()
KEYS = os.environ["KEYS"].split()


def chosen(text, known):
    """One of the known, or none: the same for the same text, so that a run can be repeated."""
    number = zlib.crc32(str(text).encode())
    return known[number // 8 % len(known)] if number % 8 else None


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    if path_parameters and "jobId" in path_parameters:
        path_parameters["jobId"] = chosen(path_parameters["jobId"], JOBS) or path_parameters["jobId"]
    return path_parameters


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict) and isinstance(body.get("key"), str) and body["key"]:
        body["key"] = chosen(body["key"], KEYS) or body["key"]
    if isinstance(body, dict) and isinstance(body.get("jobId"), str) and body.get("force") is True:
        body["jobId"] = chosen(body["jobId"], JOBS) or body["jobId"]
    return body
