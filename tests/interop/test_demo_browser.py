"""The demo in a real browser: people, one document, models that answer, and what it adds up to."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from .demo import CHROMIUM_ARGUMENTS, EXAMPLE, Demo, Person, chromium, watch_for_errors

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
LIMIT = 30_000  # milliseconds, of everything that is waited for
FORGED = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJBZGEiLCJleHAiOjQ4OTE5NTQ0MDB9.c2lnbmVk"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo"))
    yield running
    running.stop()


@pytest.fixture
def fresh_demo(tmp_path: Path) -> Iterator[Demo]:
    """One that nobody has used, and that may be killed."""
    running = Demo(tmp_path)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGUMENTS)
        yield launched
        launched.close()


Window = Callable[..., Any]
Enter = Callable[..., Person]


@pytest.fixture
def window(browser: Browser) -> Iterator[Window]:
    """Opens browsers that know nothing of each other; the test fails if one logs an error."""
    problems: list[str] = []
    opened = []

    def open_window(**options: Any) -> Any:
        context = browser.new_context(**options)
        context.set_default_timeout(LIMIT)
        watch_for_errors(context, problems)
        opened.append(context)
        return context

    expect.set_options(timeout=LIMIT)
    yield open_window
    for context in opened:
        context.close()
    assert not problems


@pytest.fixture
def enter(window: Window, demo: Demo) -> Enter:
    def somebody(name: str, room: str, at: Demo = demo, **options: Any) -> Person:
        return Person(window(**options).new_page(), at.url, name, room)

    return somebody


# --- people ---


def test_who_signs_in_is_there_and_who_signs_out_is_not(enter: Enter) -> None:
    ada = enter("  Ada   Lovelace ", "door")
    expect(ada.page.locator("#me")).to_contain_text("Ada Lovelace")
    expect(ada.people).to_have_text(["Ada Lovelace"])
    ada.page.reload()  # the token is this tab's, and still good
    expect(ada.people).to_have_text(["Ada Lovelace"])
    ada.page.get_by_role("button", name="Sign out").click()
    expect(ada.page.get_by_label("Your name")).to_be_visible()


def test_a_token_of_another_s_making_opens_neither_chat_nor_document(
    window: Window, demo: Demo
) -> None:
    session = json.dumps({"token": FORGED, "name": "Ada"})
    page = window().new_page()
    page.add_init_script(f"sessionStorage.setItem('session', {json.dumps(session)})")
    page.goto(demo.url)
    expect(page.get_by_role("alert").filter(has_text="Please sign in.")).to_be_visible()
    expect(page.get_by_label("Shared document")).to_have_count(0)
    refused = page.evaluate(
        """(token) => import("/static/vendor/editor.js").then(({ io }) => new Promise(resolve => {
            const options = { path: "/ws/socket.io", auth: { token }, forceNew: true };
            const document = io("/yjs|door", options);
            document.on("connect", () => resolve("let in"));
            document.on("connect_error", error => resolve(error.message));
        }))""",
        FORGED,
    )
    assert refused == "Unauthorized"
    empty = page.request.post(f"{demo.url}/login", data={"name": "  "})
    assert (empty.status, empty.json()["detail"]) == (422, "Please choose a name.")


def test_two_tabs_of_a_user_are_one_person_in_the_room(enter: Enter, demo: Demo) -> None:
    ada, grace = enter("Ada", "tea"), enter("Grace", "tea")
    expect(ada.people).to_have_text(["Ada", "Grace"])
    expect(grace.people).to_have_text(["Grace", "Ada"])
    again = Person(ada.page.context.new_page(), demo.url, "Ada", "tea")
    expect(grace.people).to_have_text(["Grace", "Ada"])
    expect(grace.page.locator("#people .note")).to_have_text(["you", "2 tabs"])
    expect(grace.page.get_by_role("button", name=re.compile("^tea"))).to_contain_text("2")
    again.page.close()
    expect(grace.page.locator("#people .note")).to_have_text(["you"])
    ada.page.close()
    expect(grace.people).to_have_text(["Grace"])


def test_rooms_keep_their_words_and_people_apart(enter: Enter) -> None:
    ada, grace = enter("Ada", "inside"), enter("Grace", "outside")
    ada.say("only <b>inside</b>")
    ada.page.get_by_label("Message", exact=True).press_sequentially("hm")
    expect(ada.page.locator(".message.pending")).to_have_count(0)
    expect(grace.people).to_have_text(["Grace"])
    expect(grace.page.locator(".message")).to_have_count(0)
    grace.page.get_by_role("button", name=re.compile("^inside")).click()
    expect(grace.people).to_have_text(["Grace", "Ada"])
    expect(grace.page.locator(".message .body")).to_have_text(["only <b>inside</b>"])
    expect(grace.page.locator("#typing")).to_have_text("Ada is typing…")
    expect(ada.people).to_have_text(["Ada", "Grace"])


# --- the document ---


def words(person: Person) -> Counter[str]:
    return Counter(person.text().split())


def test_what_two_type_at_once_is_one_text_with_all_of_it(enter: Enter) -> None:
    ada, grace = enter("Ada", "both"), enter("Grace", "both")
    ada.type_on("a")
    grace.type_on("g")
    ada.reads(" g30")
    grace.reads(" a30")
    typed = Counter(f"a{n}" for n in range(ada.stop_typing()))
    typed += Counter(f"g{n}" for n in range(grace.stop_typing()))
    for person in (ada, grace):
        person.reads(*(f" {word}" for word in typed))
    assert ada.text() == grace.text()
    assert words(ada) == typed


def test_cursors_have_names_and_go_with_a_closed_tab(enter: Enter) -> None:
    ada, grace = enter("Ada", "cursors"), enter("Grace", "cursors")
    ada.write("Where are you?")
    grace.reads("Where are you?")
    grace.editor.focus()
    expect(ada.cursors).to_have_text(["Grace"])
    expect(grace.cursors).to_have_text(["Ada"])
    grace.page.close(run_before_unload=False)
    expect(ada.cursors).to_have_count(0)


def test_what_is_written_offline_is_merged_on_return(enter: Enter) -> None:
    ada, grace = enter("Ada", "away"), enter("Grace", "away")
    ada.write("begun.")
    grace.reads("begun.")
    grace.editor.focus()
    ada.page.context.set_offline(True)
    expect(ada.connection).to_have_text("reconnecting")
    expect(ada.saved).to_contain_text("Offline")
    expect(grace.people).to_have_text(["Grace"])  # the server has no connection of hers
    ada.write(" Far away.")
    grace.write(" At home.")
    expect(ada.connection).to_have_text("reconnecting")
    assert "home" not in ada.text() and "away" not in grace.text()
    ada.page.context.set_offline(False)
    for person in (ada, grace):
        person.reads("begun.", " Far away.", " At home.")
        expect(person.saved).to_have_text("Saved")
    assert ada.text() == grace.text()
    assert len(ada.text()) == len("begun. Far away. At home.")
    expect(grace.people).to_have_text(["Grace", "Ada"])


def test_a_server_that_is_killed_while_two_type_loses_nothing(
    enter: Enter, fresh_demo: Demo
) -> None:
    ada, grace = enter("Ada", "crash", fresh_demo), enter("Grace", "crash", fresh_demo)
    ada.say("before the crash")
    expect(grace.page.locator(".message .body")).to_have_text(["before the crash"])
    ada.type_on("a")
    grace.type_on("g")
    ada.reads(" g20")
    grace.reads(" a20")
    fresh_demo.kill()
    for person in (ada, grace):
        expect(person.saved).to_contain_text("Offline")
        person.typed(20)
    fresh_demo.start()
    for person in (ada, grace):
        expect(person.connection).to_have_text("online")
    typed = Counter(f"a{n}" for n in range(ada.stop_typing()))
    typed += Counter(f"g{n}" for n in range(grace.stop_typing()))
    for person in (ada, grace):
        person.reads(*(f" {word}" for word in typed))
        expect(person.saved).to_have_text("Saved")
        assert words(person) == typed
        expect(person.page.locator(".message .body")).to_have_text(["before the crash"])
    # And with nobody left who would know: all of it is in the file.
    text = ada.text()
    ada.page.context.close()
    grace.page.context.close()
    fresh_demo.kill()
    fresh_demo.start()
    linus = enter("Linus", "crash", fresh_demo)
    linus.reads(text)
    assert linus.text() == text


# --- models and what they use ---


def test_an_answer_streams_to_everybody_in_the_room_and_to_who_comes_later(enter: Enter) -> None:
    ada, grace = enter("Ada", "answers"), enter("Grace", "answers")
    linus = enter("Linus", "elsewhere")
    ada.say("What holds a room together?", to="sage-large")
    for person in (ada, grace):
        expect(person.page.locator(".message.streaming .body")).to_contain_text(" ")
    linus.page.get_by_role("button", name=re.compile("^answers")).click()
    expect(linus.page.locator(".message.streaming .body")).to_contain_text(" ")
    for person in (ada, grace, linus):
        expect(person.answers.locator(".cost[data-output]")).to_have_count(1)
    said = [each.answers.locator(".body").inner_text() for each in (ada, grace, linus)]
    assert len(set(said)) == 1
    assert ada.costs() == [(5, len(said[0].split()))]


def test_who_was_cut_off_from_an_answer_gets_the_rest_of_it(enter: Enter) -> None:
    ada, grace = enter("Ada", "resumed"), enter("Grace", "resumed")
    ada.say("And who was away?", to="sage-large")
    expect(grace.page.locator(".message.streaming .body")).to_contain_text(" ")
    grace.page.context.set_offline(True)
    expect(grace.connection).to_have_text("reconnecting")
    grace.page.context.set_offline(False)
    for person in (ada, grace):
        expect(person.answers.locator(".cost[data-output]")).to_have_count(1)
    shown = ada.answers.locator(".body").inner_text()
    expect(grace.answers.locator(".body")).to_have_text(shown)


def test_an_answer_is_stopped_by_anybody_and_costs_what_it_has_said(enter: Enter) -> None:
    ada, grace = enter("Ada", "stopped"), enter("Grace", "stopped")
    ada.say("Go on and on", to="sage-large")
    expect(grace.page.locator(".message.streaming .body")).to_contain_text(" ")
    grace.page.get_by_role("button", name="Stop", exact=True).click()
    for person in (ada, grace):
        expect(person.answers.locator(".cost[data-output]")).to_contain_text("stopped")
    said = ada.answers.locator(".body").inner_text()
    assert ada.costs() == grace.costs() == [(4, len(said.split()))]


def test_the_board_counts_what_the_answers_say_they_cost(enter: Enter, fresh_demo: Demo) -> None:
    ada, grace = (enter(name, "board", fresh_demo) for name in ("Ada", "Grace"))
    watching = enter("Linus", "board/usage", fresh_demo)
    expect(watching.page.get_by_text("Ask a model in the chat, and watch.")).to_be_visible()
    ada.say("What is counted here?", to="swift-mini")
    ada.say("And there?", to="sage-large")
    grace.say("Once more, please", to="swift-mini")
    expect(watching.page.locator("#models .live")).to_have_count(2)
    for person in (ada, grace):
        expect(person.answers.locator(".cost[data-output]")).to_have_count(3)
    costs = ada.costs()
    tokens_in, tokens_out = (sum(each) for each in zip(*costs, strict=True))
    shown = watching.page.locator("#sums dd")
    expect(shown).to_have_text([str(tokens_in), str(tokens_out), str(tokens_in + tokens_out)])
    rows = watching.page.locator("#models tbody tr")
    counted = [int(text) for text in rows.locator("td:last-child").all_inner_texts()]
    assert sum(counted) == tokens_in + tokens_out and counted[2] == 0
    shares = watching.page.locator("#users .value").all_inner_texts()
    assert sum(int(each.split()[0]) for each in shares) == tokens_in + tokens_out
    expect(watching.page.locator("#models .live")).to_have_count(0)  # three seconds later
    # After a crash it says the same.
    fresh_demo.kill()
    fresh_demo.start()
    expect(shown).to_have_text([str(tokens_in), str(tokens_out), str(tokens_in + tokens_out)])
    expect(watching.connection).to_have_text("online")
    watching.page.get_by_role("button", name="Last hour").click()
    expect(watching.page.locator("#chart")).to_have_attribute(
        "aria-label", f"{tokens_in + tokens_out} tokens in the last hour"
    )


def test_the_statistics_count_clients_people_and_documents(enter: Enter, fresh_demo: Demo) -> None:
    ada = enter("Ada", "numbers/stats", fresh_demo)
    count = {name: ada.page.locator(f"[data-count={name}]") for name in ("clients", "documents")}
    expect(count["clients"]).to_have_text("1")
    enter("Grace", "numbers", fresh_demo)
    enter("Linus", "more-numbers", fresh_demo)
    expect(count["clients"]).to_have_text("3")
    expect(count["documents"]).to_have_text("2")
    expect(ada.page.locator("#details")).to_contain_text("WebSockets by handoff")
    expect(ada.page.locator("[data-count=round-trip]")).to_contain_text("ms")


# --- how it looks ---


def test_on_a_phone_nothing_is_wider_than_the_screen(enter: Enter) -> None:
    ada = enter("Ada", "phone", **PHONE)
    ada.write("# A heading\n\nAnd " + "a rather long line, " * 8 + "w" * 80)
    for page in ("Document", "Chat", "Usage", "Stats"):
        ada.go(page)
        expect(ada.page.get_by_role("region", name=re.compile(f"^{page}"))).to_be_visible()
        assert ada.page.evaluate(
            "[innerWidth, document.documentElement.scrollWidth, visualViewport.scale]"
        ) == [390, 390, 1]
    ada.page.get_by_role("button", name="Rooms and people").click()
    expect(ada.page.get_by_role("button", name="design")).to_be_in_viewport()


def test_the_bundle_is_of_the_versions_that_are_pinned() -> None:
    bundle = (EXAMPLE / "static" / "vendor" / "editor.js").read_text()
    pinned = json.loads((EXAMPLE / "vendor" / "package.json").read_text())["dependencies"]
    assert [name for name, version in pinned.items() if f"{name} {version} (" not in bundle] == []
