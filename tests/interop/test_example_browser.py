"""The FastAPI example in a real browser: two tabs, one conversation."""

import os
import queue
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "fastapi"
STARTED_WITHIN = 30.0  # seconds; a busy two-core machine imports FastAPI slowly
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


@dataclass
class Example:
    """The running example, and what it has written to stderr so far."""

    process: subprocess.Popen[str]
    log: list[str] = field(default_factory=list)
    url: str = ""

    def follow(self, addresses: "queue.Queue[str | None]") -> None:
        """Read stderr to its end, so that the pipe never fills."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)
            if match := re.search(r"running on (http://[\d.:]+)", line):
                addresses.put(match[1])
        addresses.put(None)


@pytest.fixture(scope="module")
def example() -> Iterator[Example]:
    command = [sys.executable, "-m", "uvicorn", "app:app", "--app-dir", str(EXAMPLE)]
    process = subprocess.Popen(
        [*command, "--port", "0", "--no-use-colors"], stderr=subprocess.PIPE, text=True, cwd=EXAMPLE
    )
    running = Example(process)
    addresses: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=running.follow, args=(addresses,))
    reader.start()
    try:
        url = addresses.get(timeout=STARTED_WITHIN)
        assert url, "the example did not start:\n" + "".join(running.log)
        running.url = url
        yield running
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()
    assert "Traceback" not in "".join(running.log), "".join(running.log)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser window that fails the test when any of its tabs logs an error."""
    problems: list[str] = []
    window = browser.new_context()
    window.set_default_timeout(10_000)
    window.on("weberror", lambda error: problems.append(str(error.error)))
    window.on("console", lambda said: said.type == "error" and problems.append(said.text))
    yield window
    window.close()
    assert not problems


Enter = Callable[[str, str], Page]


@pytest.fixture
def enter(example: Example, context: BrowserContext) -> Enter:
    def open_tab(name: str, room: str) -> Page:
        page = context.new_page()
        page.goto(example.url)
        page.get_by_label("Your name").fill(name)
        page.get_by_label("Room", exact=True).fill(room)
        page.get_by_role("button", name="Start chatting").click()
        expect(page.get_by_role("heading", level=1, name=room)).to_be_visible()
        expect(page.get_by_label("Message", exact=True)).to_be_enabled()
        return page

    return open_tab


def say(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_role("button", name="Send").click()


def people(page: Page) -> list[str]:
    return page.locator("#people .name").all_inner_texts()


def expect_people(page: Page, *names: str) -> None:
    expect(page.locator("#people .name")).to_have_text(names)


def test_two_tabs_chat_in_a_room(enter: Enter) -> None:
    ada, grace = enter("Ada", "tea"), enter("Grace", "tea")
    say(ada, "Hello Grace")
    expect(grace.locator(".message .body")).to_have_text(["Hello Grace"])
    expect(grace.locator(".message .by")).to_contain_text("Ada")
    say(grace, "Hello Ada ☕ <b>not bold</b>")
    for page in (ada, grace):
        expect(page.locator(".message .body")).to_have_text(
            ["Hello Grace", "Hello Ada ☕ <b>not bold</b>"]
        )
        expect(page.locator(".message.pending, .message.failed")).to_have_count(0)
    expect(ada.locator(".message.mine .body")).to_have_text("Hello Grace")


def test_a_message_stays_in_its_room(enter: Enter) -> None:
    ada, grace, linus = enter("Ada", "inside"), enter("Grace", "inside"), enter("Linus", "outside")
    say(ada, "only inside")
    expect(grace.locator(".message .body")).to_have_text("only inside")
    # Linus would have got it before the notice of a later arrival in his own room.
    enter("Margaret", "outside")
    expect(linus.locator("#log")).to_contain_text("Margaret joined")
    expect(linus.locator(".message")).to_have_count(0)


def test_the_others_see_who_is_typing_until_the_message_is_sent(enter: Enter) -> None:
    ada, grace = enter("Ada", "typing"), enter("Grace", "typing")
    ada.get_by_label("Message", exact=True).press_sequentially("hm")
    expect(grace.locator("#typing")).to_have_text("Ada is typing…")
    expect(ada.locator("#typing")).to_be_empty()
    ada.get_by_role("button", name="Send").click()
    expect(grace.locator("#typing")).to_be_empty()


def test_who_is_online_follows_joins_leaves_and_closed_tabs(enter: Enter) -> None:
    ada = enter("Ada", "online")
    expect_people(ada, "Ada")
    grace, linus = enter("Grace", "online"), enter("Linus", "online")
    for page in (ada, grace, linus):
        expect_people(page, "Ada", "Grace", "Linus")
    expect(ada.get_by_role("button", name=re.compile("^online"))).to_contain_text("3")
    grace.get_by_role("button", name="Leave").click()
    expect_people(ada, "Ada", "Linus")
    expect(ada.locator("#log")).to_contain_text("Grace left")
    expect(grace.get_by_label("Message", exact=True)).to_be_disabled()
    assert people(grace) == []
    linus.close()
    expect_people(ada, "Ada")
    expect(ada.locator("#log")).to_contain_text("Linus left")


def test_moving_to_another_room_takes_the_user_there(enter: Enter) -> None:
    ada, grace = enter("Ada", "from"), enter("Grace", "to")
    say(grace, "anybody here?")
    expect(grace.locator(".message.pending")).to_have_count(0)
    ada.get_by_role("button", name=re.compile("^to")).click()
    expect(ada.get_by_role("heading", level=1, name="to")).to_be_visible()
    expect(ada.locator(".message .body")).to_have_text(["anybody here?"])  # the room's history
    for page in (ada, grace):
        expect_people(page, "Ada", "Grace")


def test_the_page_shows_the_upgrade_to_websocket(enter: Enter) -> None:
    ada = enter("Ada", "upgrade")
    expect(ada.locator("#connection-text")).to_have_text("connected")
    expect(ada.locator("#transport")).to_have_text("websocket")


def test_a_user_without_a_name_is_refused(example: Example, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(example.url)
    message = page.evaluate(
        """() => new Promise((resolve) => {
            const nameless = io({ path: "/ws/socket.io", auth: { name: "  " }, forceNew: true });
            nameless.on("connect", () => resolve("connected"));
            nameless.on("connect_error", (error) => resolve(error.message));
        })"""
    )
    assert message == "Please choose a name."


def test_the_vendored_client_is_the_npm_package_s_own_file() -> None:
    vendored = EXAMPLE / "static" / "vendor" / "socket.io.min.js"
    packaged = ROOT / "tests/interop/node_modules/socket.io-client/dist/socket.io.min.js"
    assert vendored.read_bytes() == packaged.read_bytes()
