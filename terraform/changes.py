"""What a plan would change, told from `terraform show -json`: for people, and as a digest that is approved.

Nothing here does anything: values in, values out."""

import hashlib
import json

# Longest list of resources in a summary: GitHub shows at most 1 MiB.
LISTED = 400
# The words for Terraform's actions, the loudest first.
WORDS = ("destroyed", "replaced", "created", "changed", "forgotten")


def word(actions: list[str]) -> str | None:
    """What happens to a resource; None: nothing."""
    if "delete" in actions:
        return "replaced" if "create" in actions else "destroyed"
    return {"create": "created", "update": "changed", "forget": "forgotten"}.get(actions[0])


def changes(plan: dict) -> list[dict]:
    """The resources that a plan changes, what is destroyed first: address, word, names of the attributes."""
    found = []
    for resource in plan.get("resource_changes", []):
        happens = word(resource["change"]["actions"])
        if happens:
            found.append({"address": resource["address"], "word": happens, "attributes": attributes(resource["change"])})
    return sorted(found, key=lambda change: (WORDS.index(change["word"]), change["address"]))


def attributes(change: dict) -> list[str]:
    """Names of the attributes that get another value."""
    before, after, unknown = (change.get(part) or {} for part in ("before", "after", "after_unknown"))
    if not before or not after:
        return []
    return sorted(name for name in before.keys() | after.keys() if unknown.get(name) or before.get(name) != after.get(name))


def outside(plan: dict) -> set[str]:
    """Addresses of the resources that something else than Terraform has changed."""
    return {drift["address"] for drift in plan.get("resource_drift", []) if word(drift["change"]["actions"])}


def digest(environment: str, packages: dict, plan: dict) -> str:
    """Of what will be: every change with its values, and the zips. Two plans with one digest do the same.

    It leaves out how things are before the change: approved is where a plan leads."""
    parts = ("actions", "after", "after_unknown")
    changed = {
        f"{resource['address']} {resource.get('deposed', '')}": {part: resource["change"].get(part) for part in parts}
        for resource in plan.get("resource_changes", [])
        if word(resource["change"]["actions"])
    }
    outputs = {name: change for name, change in plan.get("output_changes", {}).items() if change["actions"] != ["no-op"]}
    told = {
        "environment": environment,
        "packages": {name: package["sha256"] for name, package in packages.items()},
        "changes": changed,
        "outputs": {name: {part: change.get(part) for part in parts} for name, change in outputs.items()},
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def summary(title: str, plan: dict) -> str:
    """A plan in Markdown: counts, then what is destroyed or replaced, then the rest. No values: summaries are read by
    everyone who can read the repository."""
    found = changes(plan)
    if not found:
        return f"## {title}\n\nNothing changes.\n"
    counts = {happens: sum(change["word"] == happens for change in found) for happens in WORDS}
    text = [f"## {title}", "", ", ".join(f"**{count} {happens}**" for happens, count in counts.items() if count) + ".", ""]
    loud = [change for change in found if change["word"] in ("destroyed", "replaced")]
    if loud:
        text += ["> [!CAUTION]", "> What is destroyed or replaced loses what it holds:"]
        text += [f"> - `{change['address']}` is **{change['word']}**" for change in loud[:LISTED]]
        text += [f"> - and {len(loud) - LISTED} more"] * (len(loud) > LISTED)
        text.append("")
    quiet = [change for change in found if change not in loud]
    if quiet:
        drifted = outside(plan)
        text += ["<details><summary>Created, changed, forgotten</summary>", "", "| resource | | attributes |", "|---|---|---|"]
        for change in quiet[:LISTED]:
            note = " (changed outside Terraform)" if change["address"] in drifted else ""
            names = ", ".join(f"`{name}`" for name in change["attributes"])
            text.append(f"| `{change['address']}` | {change['word']}{note} | {names} |")
        text += [f"| and {len(quiet) - LISTED} more | | |"] * (len(quiet) > LISTED)
        text += ["", "</details>", ""]
    return "\n".join(text)
