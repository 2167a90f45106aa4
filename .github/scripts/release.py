"""Takes what an apply has published to all of the traffic: smoke test, canary, completion; or back to the old version.

Whatever ends it before completion (a failure, an alarm, Ctrl-C, a cancelled workflow) leaves the old version with all of it.
"""

import argparse
import time

import alias
import environment as environments
import smoke
import summary
from canary import AlarmRaised, Canary, Moved, check_alarm, split, watch
from environment import Refusal
from program import EXIT_CODES, NOT_PUT_BACK, Failed, Interrupted, run, say, undisturbed

EXAMPLES = """
examples:
  .github/scripts/run.sh release staging --outputs outputs.json --videoflow ./videoflow --json
  .github/scripts/run.sh release prod --weight 5 --executions 50 --minutes 120
  .github/scripts/run.sh release prod --mend           what a run that was killed left: old version, 100 %
"""
# Tries to put an alias back; each repeats what AWS throttles by itself.
ATTEMPTS = 5


class NotPutBack(Failed):
    """The worst that can happen here."""

    exit_code = NOT_PUT_BACK


def release(environment, canary, wanted, facts):
    """Does it all; `facts` tells at every moment how far it came."""
    mend(environment, facts)
    main = alias.read(environment, environment.process_video)
    library = alias.read(environment, environment.reconcile_library)
    new, new_library = published(environment, main, library)
    facts.update(version=main.main, new=new)
    if new == main.main:
        return release_library(environment, main, library, new_library, facts)
    try:
        check_alarm(environment)
    except AlarmRaised as raised:
        raise Refusal(f"{raised}; a release begins in health") from raised
    say(f"{environment.name}: version {main.main} serves, version {new} is new")
    try:
        if wanted is not None:
            facts["smoke"] = smoke.smoke(environment, wanted, f"{environment.process_video.arn}:{new}")
        began = split(environment, main, new, canary)
        facts["canary"] = watch(environment, main, new, canary, began)
        complete(environment, main, library, new, new_library)
    except Moved:
        facts["outcome"] = "moved by somebody else"
        del facts["version"]
        raise
    except BaseException:
        served = facts.pop("version")
        put_back(environment, [main, library])
        facts.update(outcome="rolled back", version=served)
        raise
    facts.update(outcome="released", version=new)
    say(f"released: version {new} of {main.machine.name} serves; back: make rollback ENV={environment.name}")


def published(environment, main, library):
    """Numbers of the versions that the last apply has published."""
    new = alias.number(environment.process_video_version)
    new_library = alias.number(environment.reconcile_library_version)
    for known, version in ((main, new), (library, new_library)):
        if version < known.main:
            raise Refusal(
                f"{known.machine.name} serves version {known.main} already, and the outputs tell of {version}: they are out of date"
            )
    return new, new_library


def mend(environment, facts):
    """Puts right what a run that was killed left; refuses where a person is at work."""
    main = alias.read(environment, environment.process_video)
    if not main.is_split:
        return
    if main.canary is None:
        raise Refusal(
            f"{main.machine.alias_arn} is split by hand: {main}; `make rollback ENV={environment.name}` gives all to version {main.stable}"
        )
    say(f"a release that did not end left {main}: back to version {main.stable}")
    go_back(environment, main)
    facts["mended"] = main.stable


def go_back(environment, main):
    """Leaves a canary; gives the aliases as they are now."""
    alias.serve(environment, main.machine, main.stable, f"rolled back from {main.canary or 'a split by hand'}")
    library = alias.read(environment, environment.reconcile_library)
    # It is moved last of all but process-video: only if its description says with which.
    if library.previous is not None and library.told("with process-video") == main.canary:
        alias.serve(environment, library.machine, library.previous, f"rolled back from {library.main}")


def complete(environment, main, library, new, new_library):
    """All to the new versions. process-video last: until then every end is a rollback."""
    move_library(environment, library, new_library, new)
    alias.serve(environment, main.machine, new, f"previous {main.main}")


def move_library(environment, library, new, main):
    alias.serve(environment, library.machine, new, f"previous {library.main}; with process-video {main}")


def release_library(environment, main, library, new, facts):
    """reconcile-library is not tried out: it runs on a schedule, one at a time, and what it misses its next run finds."""
    if new == library.main:
        facts["outcome"] = "unchanged"
        say(f"{environment.name}: nothing to release, version {main.main} of {main.machine.name} serves already")
        return
    # From now on a rollback is of this release, not of the one before.
    alias.serve(environment, main.machine, main.main, f"previous {main.main}")
    move_library(environment, library, new, main.main)
    facts["outcome"] = "released"
    say(f"{environment.name}: version {new} of {library.machine.name} serves; {main.machine.name} has nothing new")


def put_back(environment, aliases):
    """Sets aliases to what they were; says loudly if that cannot be done."""
    with undisturbed():
        for known in aliases:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    alias.write(environment, known.machine, known.weights, known.description)
                    break
                except Exception as error:
                    say(f"{known.machine.name} is not put back yet ({attempt} of {ATTEMPTS}): {error}")
                    time.sleep(environment.poll_seconds)
            else:
                raise NotPutBack(unrestored(environment, known))
    say(f"{environment.name}: version {aliases[0].main} serves, 100 %")


def unrestored(environment, known):
    return f"""{known.machine.name} COULD NOT BE PUT BACK and may serve a bad version. Run now:
  make rollback ENV={environment.name}
or
  aws stepfunctions update-state-machine-alias --region {environment.region} \\
    --state-machine-alias-arn {known.machine.alias_arn} \\
    --routing-configuration stateMachineVersionArn={known.machine.arn}:{known.main},weight=100"""


def percent(text):
    value = int(text)
    if not 1 <= value <= alias.WHOLE:
        raise argparse.ArgumentTypeError("1 to 100")
    return value


def parse():
    parser = argparse.ArgumentParser(
        prog="release",
        description=__doc__,
        epilog=EXAMPLES + EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    environments.add_arguments(parser)
    parser.add_argument(
        "--weight", type=percent, default=10, help="percent of executions for the new version (default: %(default)s)"
    )
    parser.add_argument(
        "--executions", type=int, default=20, help="so many that succeed are enough (default: %(default)s)"
    )
    parser.add_argument(
        "--minutes", type=float, default=30, help="so long without failure or alarm is enough (default: %(default)s)"
    )
    parser.add_argument(
        "--skip-smoke", action="store_true", help="begin with the canary: the version has passed its smoke test before"
    )
    parser.add_argument(
        "--mend", action="store_true", help="put right what a run that was killed left, and nothing else"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    smoke.add_arguments(parser)
    return parser.parse_args()


def main():
    arguments = parse()
    facts = {"environment": arguments.environment, "outcome": "failed"}
    canary = Canary(arguments.weight, arguments.executions, arguments.minutes)
    wanted = None if arguments.skip_smoke else smoke.options(arguments)
    try:
        environment = environments.load(arguments.environment, arguments.outputs)
        if arguments.mend:
            mend(environment, facts)
            facts["outcome"] = "mended" if "mended" in facts else "unchanged"
        else:
            release(environment, canary, wanted, facts)
    except (Exception, Interrupted) as error:
        if isinstance(error, Refusal):
            facts["outcome"] = "refused"
        facts["reason"] = str(error)
        raise
    finally:
        summary.tell(facts, arguments.json)
    return 0


if __name__ == "__main__":
    run(main)
