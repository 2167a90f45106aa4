"""Lets the version before serve again, at once: no Terraform, no build. Executions in flight finish on their own versions."""

import argparse

import alias
import environment as environments
import summary
from environment import Refusal
from program import EXIT_CODES, run, say
from release import go_back

EXAMPLES = """
examples:
  make rollback ENV=prod                         region and account are those of your AWS configuration
  .github/scripts/run.sh rollback prod --region eu-central-1
  .github/scripts/run.sh rollback local          beside a `videoflow up`
"""


def rollback(environment, facts):
    main = alias.read(environment, environment.process_video)
    if main.is_split:
        before = main.canary or main.main
        go_back(environment, main)
    else:
        before = main.main
        leave(environment, main)
    now = alias.read(environment, environment.process_video)
    library = alias.read(environment, environment.reconcile_library)
    facts.update(outcome="rolled back", version=now.main, before=before)
    say(f"{now.machine.name}: version {now.main} serves (was {before})")
    say(f"{library.machine.name}: version {library.main} serves")
    say(
        "Executions in flight finish on the versions that they began with; those that begin in these seconds may still get the new one."
    )


def leave(environment, main):
    """Goes back from a release that was completed."""
    library = alias.read(environment, environment.reconcile_library)
    goes = library.told("with process-video") == main.main and library.previous is not None
    if main.previous is None and not goes:
        why = f" ({main.description})" if main.description else ""
        raise Refusal(
            f"{main.machine.name} serves version {main.main}{why}, and no release before it is known: apply an older commit instead"
        )
    if main.previous is not None:
        alias.serve(environment, main.machine, main.previous, f"rolled back from {main.main}")
    if goes:
        alias.serve(environment, library.machine, library.previous, f"rolled back from {library.main}")


def main():
    parser = argparse.ArgumentParser(
        prog="rollback",
        description=__doc__,
        epilog=EXAMPLES + EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("environment", metavar="ENV", help=", ".join(environments.names()))
    parser.add_argument("--region", help="region of the environment (default: that of your AWS configuration)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    facts = {"environment": arguments.environment, "outcome": "refused"}
    try:
        rollback(environments.by_names(arguments.environment, arguments.region), facts)
    except Exception as error:
        facts["reason"] = str(error)
        raise
    finally:
        summary.tell(facts, arguments.json)
    return 0


if __name__ == "__main__":
    run(main)
