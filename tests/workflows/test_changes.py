"""terraform/changes.py: how a plan is told, and when two plans are one."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "terraform"))
import changes

PACKAGES = {"inspect-file": {"path": "inspect-file/bootstrap.zip", "sha256": "A="}}


def plan(*resources, drift=()):
    changed = [
        {"address": address, "change": {"actions": actions, "before": before, "after": after, "after_unknown": {}}}
        for address, actions, before, after in resources
    ]
    return {"resource_changes": changed, "resource_drift": [{"address": address, "change": {"actions": ["update"]}} for address in drift]}


class Changes(unittest.TestCase):
    def test_what_happens_is_told_in_one_word(self):
        for actions, expected in [
            (["no-op"], None),
            (["read"], None),
            (["create"], "created"),
            (["update"], "changed"),
            (["forget"], "forgotten"),
            (["delete"], "destroyed"),
            (["delete", "create"], "replaced"),
            (["create", "delete"], "replaced"),
        ]:
            self.assertEqual(changes.word(actions), expected, actions)

    def test_what_loses_data_comes_first(self):
        told = changes.summary(
            "Plan",
            plan(("a", ["create"], None, {}), ("b", ["create", "delete"], {}, {}), ("c", ["delete"], {}, None)),
        )
        self.assertIn("**1 destroyed**, **1 replaced**, **1 created**.", told)
        places = [told.index(text) for text in ("`c` is **destroyed**", "`b` is **replaced**", "| `a` | created |")]
        self.assertEqual(places, sorted(places))

    def test_attributes_are_named_and_what_others_changed_is_marked(self):
        told = changes.summary("Drift", plan(("a", ["update"], {"x": 1, "y": "s3cret"}, {"x": 1, "y": "new"}), drift=["a"]))
        self.assertIn("| `a` | changed (changed outside Terraform) | `y` |", told)
        self.assertNotIn("s3cret", told)

    def test_a_long_plan_is_cut_and_says_so(self):
        names = [f"r{number:04}" for number in range(changes.LISTED + 5)]
        for action in ("delete", "create"):
            told = changes.summary("Plan", plan(*[(name, [action], {}, {}) for name in names]))
            self.assertIn("and 5 more", told)
            self.assertNotIn(f"`{names[-1]}`", told)

    def test_plans_are_one_if_they_lead_to_the_same(self):
        def digest(*resources, environment="dev", packages=PACKAGES):
            return changes.digest(environment, packages, plan(*resources))

        one = digest(("a", ["update"], {"x": 1}, {"x": 2}))
        self.assertEqual(one, digest(("a", ["update"], {"x": 0}, {"x": 2}), ("b", ["no-op"], {"y": 1}, {"y": 1})))
        for other in [
            digest(("a", ["update"], {"x": 1}, {"x": 3})),
            digest(("b", ["update"], {"x": 1}, {"x": 2})),
            digest(("a", ["delete", "create"], {"x": 1}, {"x": 2})),
            digest(("a", ["update"], {"x": 1}, {"x": 2}), ("b", ["delete"], {}, None)),
            digest(("a", ["update"], {"x": 1}, {"x": 2}), environment="prod"),
            digest(("a", ["update"], {"x": 1}, {"x": 2}), packages={"inspect-file": {"sha256": "B="}}),
        ]:
            self.assertNotEqual(one, other)


if __name__ == "__main__":
    unittest.main()
