"""Takes the pictures of docs/demo.md: `python -m tests.interop.demo_screenshots FOLDER`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from .demo import CHROMIUM_ARGUMENTS, Demo, Person, chromium

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DOCUMENT = """# A room of one's own

Everybody who is here writes in **this one document**: edits merge,
and what is typed offline arrives later.

## What we have

- presence: who is in which room, however many tabs they have
- answers of models, streamed to all and stopped by any
- a board that counts each token once

## What is left

> Nothing is lost when the server is killed in the middle of a
"""
QUESTIONS = (
    ("What holds a room together?", "sage-large"),
    ("And in a word?", "swift-mini"),
    ("Say it more beautifully", "quill-poet"),
    ("Is any of it true?", "swift-mini"),
    ("What would the margins say?", "sage-large"),
    ("Once more, for the poets", "quill-poet"),
)


def enter(
    browser: Browser, demo: Demo, name: str, room: str = "lobby", **options: object
) -> Person:
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
    return Person(page, demo.url, name, room)


def answered(person: Person, count: int) -> None:
    expect(person.answers.locator(".cost[data-output]")).to_have_count(count)


def take(browser: Browser, demo: Demo, folder: Path) -> None:
    def shoot(person: Person, name: str) -> None:
        person.page.screenshot(path=folder / f"{name}.png")

    ada = enter(browser, demo, "Ada", **DESKTOP)
    grace = enter(browser, demo, "Grace", color_scheme="dark", **DESKTOP)
    linus = enter(browser, demo, "Linus", **PHONE)
    board = enter(browser, demo, "Margaret", "design/usage", **DESKTOP)

    ada.write(DOCUMENT)
    grace.reads("in the middle of a")
    ada.page.keyboard.press("Control+End")
    ada.page.keyboard.press("ArrowUp")
    ada.page.keyboard.press("End")
    ada.page.keyboard.type(" word")
    grace.page.get_by_text("what is typed offline").click(position={"x": 140, "y": 8})
    linus.page.get_by_text("however many tabs").click(position={"x": 90, "y": 8})
    ada.say(*QUESTIONS[0])
    answered(ada, 1)
    linus.go("Chat")
    linus.say("This one I read on the train.")
    linus.go("Document")
    grace.say(*QUESTIONS[1])
    answered(ada, 2)
    grace.say(*QUESTIONS[2])
    ada.editor.focus()
    grace.editor.focus()
    linus.editor.focus()
    expect(ada.cursors).to_have_count(2)
    expect(ada.page.locator(".message.streaming .body")).to_contain_text(". ")
    shoot(ada, "desktop")
    shoot(grace, "dark")
    linus.page.evaluate("document.activeElement.blur()")
    linus.page.locator(".cm-scroller").evaluate("each => each.scrollTop = 0")
    shoot(linus, "phone-document")
    answered(ada, 3)
    for count, (question, model) in enumerate(QUESTIONS[3:], start=4):
        (ada, grace)[count % 2].say(question, model)
        if count % 2:
            answered(ada, count)
    linus.go("Chat")
    expect(linus.page.locator(".message.streaming .body")).to_contain_text(". ")
    shoot(linus, "phone-chat")
    expect(board.page.locator("#models .live")).not_to_have_count(0)
    shoot(board, "usage")
    linus.go("Usage")
    grace.go("Stats")
    expect(grace.page.locator("[data-count=round-trip]")).to_contain_text("ms")
    ada.type_on("and on")
    expect(grace.page.locator("[data-count=rate]")).not_to_have_text("0.0")
    ada.stop_typing()
    shoot(grace, "stats")


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=20_000)
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        demo = Demo(Path(data))
        try:
            browser = playwright.chromium.launch(
                executable_path=chromium(), args=CHROMIUM_ARGUMENTS
            )
            take(browser, demo, folder)
            browser.close()
        finally:
            demo.stop()


if __name__ == "__main__":
    main()
