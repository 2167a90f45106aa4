"""The alias of a state machine: which versions it starts, and, in its description, which one served before.

The description is written in the same call as the weights, so that they never disagree. Terraform leaves both alone.
"""

import re
from dataclasses import dataclass

from environment import Machine, Refusal

WHOLE = 100


@dataclass(frozen=True)
class Alias:
    """An alias as it was read."""

    machine: Machine
    # Weights by version number.
    weights: dict
    description: str

    @property
    def is_split(self):
        return len(self.weights) > 1

    @property
    def main(self):
        """The version that most executions begin with; of two equal ones the older."""
        return max(self.weights, key=lambda version: (self.weights[version], -version))

    @property
    def stable(self):
        """The version that a canary goes back to."""
        told = self.told("stable")
        return told if told in self.weights else self.main

    @property
    def canary(self):
        """The version that a release was trying out. None: this is not the work of a release."""
        told = self.told("canary of")
        return told if self.is_split and told in self.weights else None

    @property
    def previous(self):
        """The version that served before. None: there was none, or it has been gone back to."""
        told = self.told("previous")
        return None if self.is_split or told == self.main else told

    def told(self, what):
        """A version number in the description."""
        found = re.search(rf"\b{what} (\d+)", self.description)
        return int(found.group(1)) if found else None

    def __str__(self):
        return " and ".join(f"version {version} ({weight} %)" for version, weight in sorted(self.weights.items()))


def number(version_arn):
    return int(version_arn.rsplit(":", 1)[1])


def read(environment, machine):
    """The alias as it is."""
    states = environment.states
    try:
        found = states.describe_state_machine_alias(stateMachineAliasArn=machine.alias_arn)
    except states.exceptions.ResourceNotFound as error:
        raise Refusal(
            f"there is no alias {machine.alias_arn}: wrong account or region, or nothing was applied yet"
        ) from error
    routes = found["routingConfiguration"]
    return Alias(
        machine,
        {number(route["stateMachineVersionArn"]): route["weight"] for route in routes},
        found.get("description", ""),
    )


def write(environment, machine, weights, description):
    """Sets weights and description, and gives the time of it."""
    routes = [
        {"stateMachineVersionArn": f"{machine.arn}:{version}", "weight": weight} for version, weight in weights.items()
    ]
    answer = environment.states.update_state_machine_alias(
        stateMachineAliasArn=machine.alias_arn, routingConfiguration=routes, description=description
    )
    return answer["updateDate"]


def serve(environment, machine, version, description):
    """Sends everything to one version."""
    return write(environment, machine, {version: WHOLE}, f"version {version}; {description}")
