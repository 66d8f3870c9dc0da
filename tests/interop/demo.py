"""The demo of examples/fastapi as its user has it: a process, and people with browsers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from .uvicorn_process import UvicornProcess

EXAMPLE = Path(__file__).parents[2] / "examples" / "fastapi"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CHROMIUM_ON_MACOS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",  # the tests may run as root, where Chromium's sandbox refuses to
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    found = [os.environ.get("CHROMIUM"), *map(shutil.which, CHROMIUM_NAMES), *CHROMIUM_ON_MACOS]
    for path in found:
        if path and Path(path).exists():
            return path
    pytest.fail("no Chromium here; scripts/need.sh chromium says how to install it")


class Demo(UvicornProcess):
    """The demo on a folder of its own."""

    def __init__(self, data: Path) -> None:
        super().__init__("app:app", "--app-dir", str(EXAMPLE), environment={"DEMO_DATA": str(data)})


# CodeMirror puts only what is seen into the page, so its own state is asked.
TEXT = """() => {
    const content = document.querySelector(".cm-content");
    return (content.cmTile ?? content.cmView).view.state.doc.toString();
}"""
# Goes on by itself, so that several type at the very same time, whatever the server does.
TYPE_ON = """(letter) => {
    let count = 0;
    document.querySelector(".cm-content").focus();
    window.typing = setInterval(() => {
        document.execCommand("insertText", false, ` ${letter}${count}`);
        window.typed = ++count;
    }, 15);
}"""


class Person:
    """Somebody signed in, in one tab."""

    def __init__(self, page: Page, url: str, name: str, room: str) -> None:
        self.page, self.name = page, name
        page.goto(f"{url}/#{room}")
        page.get_by_label("Your name").fill(name)
        page.get_by_role("button", name="Sign in").click()
        expect(self.connection).to_have_text("online")
        expect(self.saved).to_have_text("Saved")

    @property
    def connection(self) -> Locator:
        return self.page.locator("#connection")

    @property
    def saved(self) -> Locator:
        return self.page.locator("#saved")

    @property
    def people(self) -> Locator:
        return self.page.locator("#people .name")

    @property
    def answers(self) -> Locator:
        return self.page.locator(".message.model")

    def go(self, page: str) -> None:
        self.page.get_by_role("link", name=page, exact=True).click()

    # --- the document ---

    @property
    def editor(self) -> Locator:
        return self.page.get_by_label("Shared document")

    @property
    def cursors(self) -> Locator:
        """The names at the cursors of the others."""
        return self.page.locator(".cm-ySelectionInfo")

    def text(self) -> str:
        return str(self.page.evaluate(TEXT))

    def write(self, text: str) -> None:
        """At the end of the document."""
        self.editor.focus()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.insert_text(text)

    def reads(self, *texts: str) -> None:
        """Returns when all of these are in the document."""
        wanted = f"texts => texts.every(each => ({TEXT})().includes(each))"
        self.page.wait_for_function(wanted, arg=list(texts))

    def type_on(self, letter: str) -> None:
        """Type ` a0 a1 a2 …` until `stop_typing`."""
        self.page.evaluate(TYPE_ON, letter)

    def typed(self, count: int) -> None:
        """Returns when so many more words have been typed."""
        wanted = int(self.page.evaluate("window.typed ?? 0")) + count
        self.page.wait_for_function("wanted => window.typed >= wanted", arg=wanted)

    def stop_typing(self) -> int:
        """How many words it has been."""
        return int(
            self.page.evaluate("() => { clearInterval(window.typing); return window.typed }")
        )

    # --- the chat ---

    def say(self, text: str, to: str = "") -> None:
        self.page.get_by_label("Who is asked").select_option(to)
        self.page.get_by_label("Message", exact=True).fill(text)
        self.page.get_by_role("button", name="Send").click()

    def costs(self) -> list[tuple[int, int]]:
        """What the answers say they have cost: tokens in and out."""
        shown = self.answers.locator(".cost[data-output]")
        return [
            tuple(each)
            for each in shown.evaluate_all(
                "all => all.map(each => [Number(each.dataset.input), Number(each.dataset.output)])"
            )
        ]


def watch_for_errors(window: BrowserContext, problems: list[str]) -> None:
    """Whatever its tabs log as an error, but for a server that is away."""

    def said(text: str) -> None:
        if not text.startswith(("Failed to load resource", "WebSocket connection to")):
            problems.append(text)

    window.on("weberror", lambda error: said(str(error.error)))
    window.on("console", lambda line: said(line.text) if line.type == "error" else None)
