"""The demo of examples/fastapi as its user has it: a process, and people with browsers."""

from __future__ import annotations

import os
import queue
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

EXAMPLE = Path(__file__).parents[2] / "examples" / "fastapi"
STARTED_WITHIN = 60.0  # seconds; a busy two-core machine imports FastAPI slowly
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


class Demo:
    """The demo on a folder of its own. It may be killed, and started again at the same address."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._port = "0"
        self._log: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self.url = ""
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "app:app", "--app-dir", str(EXAMPLE)]
        self._process = subprocess.Popen(
            [*command, "--port", self._port, "--no-use-colors"],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "DEMO_DATA": str(self._data)},
        )
        addresses: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._follow, args=(addresses,))
        self._reader.start()
        url = addresses.get(timeout=STARTED_WITHIN)
        assert url, "the demo did not start:\n" + "".join(self._log)
        self.url, self._port = url, url.rsplit(":", 1)[1]

    def kill(self) -> None:
        """As `kill -9`."""
        self._end(lambda process: process.kill())

    def stop(self) -> None:
        """As its user does. Whatever it has logged must be free of errors."""
        self._end(lambda process: process.terminate())
        assert "Traceback" not in "".join(self._log), "".join(self._log)

    def _end(self, how: Callable[[subprocess.Popen[str]], None]) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        how(process)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._reader.join()

    def _follow(self, addresses: queue.Queue[str | None]) -> None:
        """Read stderr to its end, so that the pipe never fills."""
        assert self._process is not None and self._process.stderr is not None
        for line in self._process.stderr:
            self._log.append(line)
            if match := re.search(r"running on (http://[\d.:]+)", line):
                addresses.put(match[1])
        addresses.put(None)


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
