"""What came of it: one JSON object on stdout, and a paragraph in the workflow's summary."""

import json
import os


def tell(facts, as_json):
    if as_json:
        print(json.dumps(facts), flush=True)
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        with open(path, "a", encoding="utf-8") as page:
            page.write(markdown(facts))


def markdown(facts):
    """A heading and a table, in GitHub's Markdown."""
    rows = {
        "serves": f"version {facts['version']}" if "version" in facts else None,
        "before": f"version {facts['before']}" if "before" in facts else None,
        "new": f"version {facts['new']}" if "new" in facts else None,
        "smoke test": smoked(facts.get("smoke")),
        "canary": tried(facts.get("canary")),
        "mended": f"back to version {facts['mended']} after a run that did not end" if "mended" in facts else None,
        "reason": facts.get("reason"),
    }
    shown = "".join(f"| {name} | {cell(text)} |\n" for name, text in rows.items() if text is not None)
    return f"### {facts['environment']}: {facts['outcome']}\n\n" + (f"| | |\n|---|---|\n{shown}\n" if shown else "")


def cell(text):
    return text.replace("|", "\\|").replace("\n", "<br>")


def smoked(facts):
    if facts is None:
        return None
    return f"passed in {facts['seconds']} s: {facts['statements']} statements with evidence, {facts['objects']} objects"


def tried(counts):
    return None if counts is None else f"{counts['succeeded']} executions succeeded, {counts['running']} still ran"
