"""Schedules an operator in FiftyOne's App, as a person does, and looks at it in our panel."""

from __future__ import annotations

import re
import sys

from playwright.sync_api import Page, expect, sync_playwright

PATIENCE = 60_000
"""Milliseconds."""


def main(url: str) -> None:
    """Schedule, see it end, look at its result and log."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1500, "height": 900})
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        try:
            page.goto(url + "/datasets/toy")
            schedule(page)
            look(page)
        except BaseException:
            print(page.locator("body").inner_text())
            raise
        finally:
            browser.close()


def schedule(page: Page) -> None:
    """Schedule the operator of the test plugin on the orchestrator that is offered."""
    page.get_by_text("Samples", exact=True).first.wait_for()
    page.keyboard.press("`")
    page.get_by_placeholder("Search operations by name").fill("Hello")
    page.get_by_text("Hello", exact=True).first.click()
    page.get_by_text("Schedule", exact=False).last.click()


def look(page: Page) -> None:
    """Find the run in the panel, and open it."""
    page.get_by_title("New panel").first.click()
    page.get_by_text("Signalbox runs").click()
    row = page.get_by_role("row").filter(has_text="Hello")
    expect(row).to_contain_text("Completed")
    row.click()
    expect(page.get_by_text(re.compile("greeting"))).to_be_visible()


if __name__ == "__main__":
    main(sys.argv[1])
