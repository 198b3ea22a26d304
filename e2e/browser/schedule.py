"""Schedules an operator in FiftyOne's App, as a person does, and looks at it in our panel."""

from __future__ import annotations

import sys

from playwright.sync_api import Page, expect, sync_playwright

PATIENCE = 180_000
"""Milliseconds. Long, as other tests may take the processor meanwhile."""


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
    page.get_by_text("Dismiss").click()  # what the App says first lies over its buttons
    page.keyboard.press("`")
    page.get_by_placeholder("Search operations by name").fill("Hello")
    page.get_by_text("Hello", exact=True).click()
    execute = page.get_by_role("button", name="Execute", exact=True)
    execute.locator("xpath=following-sibling::button").click()
    page.get_by_text("Schedule on builtin").click()
    page.get_by_role("button", name="Schedule", exact=True).click()


def look(page: Page) -> None:
    """Find the run in the panel, see it end by itself, open it, and go back."""
    page.get_by_title("New panel").first.click()
    page.get_by_text("Signalbox runs").click()
    row = page.get_by_role("row").filter(has_text="builtin")
    expect(row).to_contain_text("Completed")
    row.click()
    for text in ("Hello world", "Open in Signalbox", "half way, says the log"):
        expect(page.get_by_text(text).first).to_be_visible()
    page.get_by_text("All runs").click()
    expect(row).to_be_visible()


if __name__ == "__main__":
    main(sys.argv[1])
