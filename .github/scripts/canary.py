"""A share of all executions on the new version, until there is enough to judge by."""

import time
from dataclasses import dataclass

import alias
from program import Failed, say

# What an execution of the new version may not end as.
BAD = ("FAILED", "TIMED_OUT", "ABORTED")
PAGE = 100


@dataclass(frozen=True)
class Canary:
    """How long the new version is on trial, and with how much."""

    weight: int
    executions: int
    minutes: float


class AlarmRaised(Failed):
    """The environment is not healthy."""


class Moved(Failed):
    """Somebody else has moved the alias: it is theirs."""


def check_alarm(environment):
    """Raises `AlarmRaised` while the composite alarm over everything is on."""
    found = environment.cloudwatch.describe_alarms(
        AlarmNames=[environment.alarm], AlarmTypes=["CompositeAlarm", "MetricAlarm"]
    )
    alarms = found["CompositeAlarms"] + found["MetricAlarms"]
    if not alarms:
        raise AlarmRaised(f"there is no alarm {environment.alarm}: nothing would tell of a bad release")
    if alarms[0]["StateValue"] == "ALARM":
        raise AlarmRaised(f"{environment.alarm} is in ALARM: {alarms[0].get('StateReason', 'no reason given')}")


def split(environment, old, new, canary):
    """Gives the new version its share, and tells when that was."""
    main = environment.process_video
    weights = {new: canary.weight, old.main: alias.WHOLE - canary.weight}
    began = alias.write(environment, main, weights, f"canary of {new}; stable {old.main}")
    say(
        f"canary: {canary.weight} % of {main.name} on version {new}, the rest on {old.main}, "
        f"until {canary.executions} executions of it succeed or {canary.minutes:g} minutes pass quietly"
    )
    return began


def watch(environment, old, new, canary, began):
    """The facts of a canary that went well; raises `Failed` at the first thing that did not."""
    end = time.monotonic() + canary.minutes * 60
    told = None
    while True:
        check_alarm(environment)
        check_alias(environment, old, new)
        counts = judge(executions(environment, new, began))
        if counts != told:
            told = counts
            say(
                f"canary: {counts['succeeded']} of {canary.executions} executions succeeded, {counts['running']} running"
            )
        if counts["succeeded"] >= canary.executions:
            return counts
        if time.monotonic() >= end:
            say(f"canary: {canary.minutes:g} minutes without failure or alarm")
            return counts
        time.sleep(environment.poll_seconds)


def check_alias(environment, old, new):
    """Raises `Moved` if the alias is no longer as the canary made it (or found it: changes may be seen late)."""
    now = alias.read(environment, environment.process_video)
    if now.canary != new and now != old:
        raise Moved(f"somebody else has moved {now.machine.alias_arn} to {now}: it stays there")


def executions(environment, new, began):
    """Executions that the alias has started on the new version since the canary began; newest come first."""
    version_arn = f"{environment.process_video.arn}:{new}"
    pages = environment.states.get_paginator("list_executions")
    for page in pages.paginate(stateMachineArn=version_arn, PaginationConfig={"PageSize": PAGE}):
        for execution in page["executions"]:
            # In whole seconds: the times of two operations are not of one clock.
            if execution["startDate"].timestamp() < int(began.timestamp()):
                return
            # The smoke test's own was started by the version.
            if execution.get("stateMachineAliasArn"):
                yield execution


def judge(found):
    """Counts by outcome; raises `Failed` at a bad one."""
    counts = {"succeeded": 0, "running": 0}
    for execution in found:
        if execution["status"] in BAD:
            raise Failed(f"the new version's execution {execution['executionArn']} ended {execution['status']}")
        counts["succeeded" if execution["status"] == "SUCCEEDED" else "running"] += 1
    return counts
