"""Looks at console and report in the system's Chromium, as a user does.

The request is one JSON object on standard input:
  console   address with the token, or null
  report    file, or null
  job       id of a job that failed
  expected  what is shown of its cause: machine, state, error, cause
  pages     whether all pages of the console are tried, and held to axe's rules in light and dark
  out       folder for pictures
What is wrong fails the program.
"""

import json
import pathlib
import sys

import axe_playwright_python
from playwright.sync_api import sync_playwright

AXE = (pathlib.Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync"]
SIZES = {"wide": (1280, 900), "phone": (390, 844)}
# What is broken of axe's rules, and where: three places of each.
VIOLATIONS = """axe.run().then((results) => results.violations.map((one) => ({
    id: one.id,
    nodes: one.nodes.slice(0, 3).map((node) => node.html + ' ' + node.failureSummary),
})))"""
# The console's pages, and what is there when they are.
PAGES = {"line": ".belt", "jobs": ".jobs-page a", "failures": ".failure", "queues": "table", "costs": ".costs-page"}


class Look:
    """One page of one browser, which complains about nothing."""

    def __init__(self, browser, out, scheme="light", size="wide", name=""):
        width, height = SIZES[size]
        self.context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
        self.page = self.context.new_page()
        self.page.set_default_timeout(15000)
        self.complaints = []
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.out, self.suffix = out, f"{name}-{scheme}-{size}"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.context.close()
        if kind is None:
            assert not self.complaints, self.complaints

    def picture(self, name):
        self.page.screenshot(path=self.out / f"{name}{self.suffix}.png", full_page=True)

    def fits(self, what):
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{what} is {wide} pixels too wide ({self.suffix})"

    def accessible(self, what):
        self.page.evaluate(AXE)
        found = self.page.evaluate(VIOLATIONS)
        assert not found, f"{what} ({self.suffix}): {json.dumps(found, indent=1)}"


def check_cause(page, expected):
    """The true cause comes first: above the picture, with its state chosen in it."""
    card = page.locator(".cause-card")
    card.wait_for()
    assert card.locator(".error .name").inner_text() == expected["error"], card.inner_text()
    assert expected["cause"] in card.inner_text(), card.inner_text()
    assert card.locator(".path li").last.inner_text().strip() == expected["state"], card.inner_text()
    headings = page.locator("main h2").all_inner_texts()
    assert headings and "What failed first" in headings[0], headings
    key = f"{expected['machine']} {expected['state']}"
    node = page.locator(f".node[data-key='{key}']")
    node.wait_for()
    page.locator('.node.chosen').wait_for()
    assert "cause" in node.get_attribute("class"), node.get_attribute("class")
    assert expected["state"] in page.locator(".panel h3").inner_text()
    assert expected["error"] in page.locator(".panel").inner_text()


def check_keys(page):
    """The picture and the chart can be used without a mouse."""
    page.locator(".node.chosen").focus()
    before = page.evaluate("document.activeElement.dataset.key")
    page.keyboard.press("ArrowUp")
    after = page.evaluate("document.activeElement.dataset.key")
    assert after and after != before, (before, after)
    page.keyboard.press("Enter")
    assert after.split(" ")[1] in page.locator(".panel h3").inner_text(), after
    head = page.locator(".row.execution .label").first
    was = head.get_attribute("aria-expanded")
    head.focus()
    page.keyboard.press("Enter")
    assert page.locator(".row.execution .label").first.get_attribute("aria-expanded") != was


def look_at_report(browser, asked, out):
    for scheme, size in (("light", "wide"), ("dark", "phone")):
        with Look(browser, out, scheme, size, f"-{asked['expected']['error']}") as look:
            look.page.goto(pathlib.Path(asked["report"]).as_uri())
            check_cause(look.page, asked["expected"])
            look.fits("the report")
            look.picture("report")
            if asked["pages"]:
                look.accessible("the report")


def look_at_job(browser, asked, out):
    for scheme, size in (("light", "wide"), ("dark", "wide"), ("light", "phone")):
        with Look(browser, out, scheme, size, f"-{asked['expected']['error']}") as look:
            page = look.page
            page.goto(asked["console"])
            page.evaluate("job => { location.hash = `#/jobs/${job}` }", asked["job"])
            check_cause(page, asked["expected"])
            assert "token" not in page.url, page.url
            look.fits("the job")
            look.picture("job")
            if asked["pages"]:
                look.accessible("the job")
            if size == "wide":
                check_keys(page)


def look_at_pages(browser, asked, out):
    for scheme, size in (("light", "wide"), ("dark", "wide"), ("light", "phone")):
        with Look(browser, out, scheme, size) as look:
            page = look.page
            page.goto(asked["console"])
            for name, sign in PAGES.items():
                page.evaluate("name => { location.hash = `#/${name}` }", name)
                page.locator(sign).first.wait_for()
                look.fits(name)
                look.picture(name)
                look.accessible(name)
            failures = page.evaluate("location.hash = '#/failures'") and page.locator(".failure").first
            failures.wait_for()
            assert asked["expected"]["error"] in failures.inner_text(), failures.inner_text()


def main():
    asked = json.load(sys.stdin)
    out = pathlib.Path(asked["out"])
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=asked["chromium"], args=SWITCHES)
        if asked["report"]:
            look_at_report(browser, asked, out)
        if asked["console"]:
            look_at_job(browser, asked, out)
            if asked["pages"]:
                look_at_pages(browser, asked, out)
        browser.close()


main()
