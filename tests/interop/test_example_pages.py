"""The pages of the examples in a real browser, with the JavaScript client."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from .demo import CHROMIUM_ARGUMENTS, chromium, watch_for_errors
from .uvicorn_process import UvicornProcess

LIMIT = 30_000  # milliseconds, of everything that is waited for

Open = Callable[[str], Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    expect.set_options(timeout=LIMIT)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def page_of(browser: Any) -> Iterator[Open]:
    """Opens the page of an address; the test fails if one logs an error."""
    context = browser.new_context()
    context.set_default_timeout(LIMIT)
    problems: list[str] = []
    watch_for_errors(context, problems)

    def open_page(url: str) -> Page:
        page = context.new_page()
        page.goto(url)
        expect(page.locator("#connection")).to_have_text("connected")
        return page

    yield open_page
    context.close()
    assert not problems


@pytest.fixture
def started() -> Iterator[Callable[[str], UvicornProcess]]:
    running: list[UvicornProcess] = []

    def start(example: str) -> UvicornProcess:
        running.append(UvicornProcess(f"examples.fastapi.{example}.server:app"))
        return running[-1]

    yield start
    for each in running:
        each.stop()


def test_registration_a_page_shows_models_and_starts_one(page_of, started):
    page = page_of(started("registration").url)
    expect(page.locator("#metrics")).to_contain_text("0 models")
    page.get_by_label("Name of a model").fill("qwen-7b")
    page.get_by_role("button", name="Create").click()
    listed = page.get_by_role("list", name="Models")
    expect(listed).to_contain_text("qwen-7b – stopped")
    page.get_by_role("button", name="Start").click()
    expect(listed).to_contain_text("qwen-7b – running")
    page.get_by_label("Name of a model").fill("qwen-7b")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("alert")).to_have_text("There is such a model already")


# As fast as nobody types.
SAY = """(count) => {
    const form = document.querySelector("#chat");
    for (let n = 0; n < count; n++) {
        form.elements.text.value = "hello";
        form.requestSubmit();
    }
}"""


def test_progress_a_page_shows_an_import_an_upload_and_the_limit(page_of, started):
    page = page_of(started("progress").url)
    page.get_by_role("button", name="Import ten").click()
    tickets = page.get_by_role("list", name="Tickets").get_by_role("listitem")
    expect(tickets).to_have_count(10)
    expect(page.locator("#operation")).to_have_js_property("value", 10)

    file = {"name": "a.bin", "mimeType": "application/octet-stream", "buffer": b"abc"}
    page.get_by_label("File").set_input_files([file])
    expect(page.locator("#uploaded")).to_have_text(re.compile("^SHA-256 ba7816bf"))
    expect(page.locator("#upload")).to_have_js_property("value", 100)

    page.evaluate(SAY, 10)
    expect(page.get_by_role("alert")).to_be_empty()
    page.evaluate(SAY, 1)
    expect(page.get_by_role("alert")).to_have_text("Rate limit exceeded")
