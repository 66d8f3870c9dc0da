"""Random histories of pycrdt's documents, and what must hold of what the relay makes of them.

yrs, below pycrdt, is another implementation than yjs: other packing, clients of 53 bits.
"""

import random
from typing import Any

from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from .tool import MODES, RefusedError, Tool

WORDS = ["hello", "a", " ", "Ünïcödé", "😀", "漢字", "the quick brown fox", "\n"]
KEYS = ["a", "b", "schlüssel"]
ATTRIBUTES = [{"bold": True}, {"bold": None}, {"color": "red"}]


def value(dice: random.Random) -> Any:
    return dice.choice([1, -5, 2.5, True, None, "text", [1, "two", None], {"key": [False]}])


def nested(dice: random.Random) -> Any:
    return dice.choice([lambda: Map({"a": 1}), lambda: Array([1, 2]), lambda: Text("nested")])()


def edit_text(text: Text, dice: random.Random) -> None:
    shown = str(text)
    begin = dice.randrange(len(shown) + 1)
    end = min(len(shown), begin + dice.randint(1, 6))
    # Places are counted in bytes.
    at, until = (len(shown[:place].encode()) for place in (begin, end))
    kind = dice.random()
    if at < until and kind < 0.25:
        del text[at:until]
    elif at < until and kind < 0.4:
        text.format(at, until, dice.choice(ATTRIBUTES))
    else:
        for word in dice.choices(WORDS, k=dice.randint(1, 5)):
            text.insert(at, word)
            at += len(word.encode())


def edit_map(shared: Map, dice: random.Random) -> None:
    key = dice.choice(KEYS)
    if key in shared and dice.random() < 0.25:
        del shared[key]
    else:
        shared[key] = nested(dice) if dice.random() < 0.2 else value(dice)


def edit_array(array: Array, dice: random.Random) -> None:
    at = dice.randrange(len(array) + 1)
    if at < len(array) and dice.random() < 0.35:
        del array[at]
    else:
        array.insert(at, nested(dice) if dice.random() < 0.15 else value(dice))


def edit_xml(fragment: XmlFragment, dice: random.Random) -> None:
    children = fragment.children
    if len(children) and dice.random() < 0.3:
        del children[dice.randrange(len(children))]
    else:
        made = XmlText("text") if dice.random() < 0.5 else XmlElement("p", {"id": "1"})
        children.insert(dice.randrange(len(children) + 1), made)


class Peer:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.doc: Doc = Doc(
            client_id=dice.randrange(1, 2 ** dice.choice([32, 53])),
            skip_gc=dice.random() < 0.5,
        )
        self.text = self.doc.get("text", type=Text)
        self.map = self.doc.get("map", type=Map)
        self.array = self.doc.get("array", type=Array)
        self.xml = self.doc.get("xml", type=XmlFragment)
        self.inbox: list[bytes] = []

    def act(self) -> bytes:
        """Edit, and return what is sent of it."""
        before = self.doc.get_state()
        with self.doc.transaction():
            for _ in range(self.dice.randint(1, 3)):
                edit, shared = self.dice.choice(
                    [
                        (edit_text, self.text),
                        (edit_map, self.map),
                        (edit_array, self.array),
                        (edit_xml, self.xml),
                    ]
                )
                edit(shared, self.dice)
        return self.doc.get_update(before)

    def receive(self) -> None:
        self.dice.shuffle(self.inbox)
        for update in self.inbox:
            self.doc.apply_update(update)
        self.inbox.clear()


def history(dice: random.Random) -> list[bytes]:
    """What a relay is sent, in its order."""
    peers = [Peer(dice) for _ in range(dice.randint(2, 4))]
    log = []
    for _ in range(dice.randint(5, 50)):
        peer = dice.choice(peers)
        if dice.random() < 0.25:
            peer.receive()
            continue
        update = peer.act()
        log.append(update)
        for other in peers:
            if other is not peer:
                other.inbox.append(update)
    return log


def load(updates: list[bytes]) -> Doc:
    doc: Doc = Doc()
    for update in updates:
        doc.apply_update(update)
    return doc


def contents(doc: Doc) -> tuple[Any, ...]:
    text = doc.get("text", type=Text)
    return (
        text.diff(),
        doc.get("map", type=Map).to_py(),
        doc.get("array", type=Array).to_py(),
        str(doc.get("xml", type=XmlFragment)),
    )


def vector(encoded: bytes) -> dict[int, int]:
    numbers, number, shift = [], 0, 0
    for byte in encoded:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(number)
            number = shift = 0
    clients = dict(zip(numbers[1::2], numbers[2::2], strict=True))
    assert len(clients) == numbers[0]
    return clients


def judge(tool: Tool, log: list[bytes], dice: random.Random) -> list[str]:
    """All that is wrong with one history."""
    expected = load(log)
    shown, known = contents(expected), vector(expected.get_state())
    wrong = []

    def compare(what: str, doc: Doc) -> None:
        if contents(doc) != shown:
            wrong.append(f"{what}: contents")
        if vector(doc.get_state()) != known:
            wrong.append(f"{what}: state vector")

    for mode, flags in MODES.items():
        merged = tool.merge(log, flags)
        compare(f"merge, {mode}", load([merged]))
        if vector(tool.state_vector(merged)) != known:
            wrong.append(f"merge, {mode}: its state vector")
        part = load([update for update in log if dice.random() < 0.5])
        part.apply_update(tool.diff(merged, part.get_state()))
        compare(f"diff, {mode}", part)
        cut = dice.randrange(len(log) + 1)
        prefix = tool.merge(log[:cut], flags)
        compare(f"prefix and tail, {mode}", load([prefix, *log[cut:]]))
        shuffled = dice.sample(log, len(log))
        halves = [tool.merge(shuffled[:cut], flags), tool.merge(shuffled[cut:], flags)]
        compare(f"merges of merges, {mode}", load([tool.merge(halves, flags)]))
    return wrong


def differences(tool: Tool, seeds: range) -> list[str]:
    """A line for each history that shows a difference."""
    lines = []
    for seed in seeds:
        dice = random.Random(seed)
        log = history(dice)
        if not log:
            continue
        try:
            wrong = judge(tool, log, dice)
        except RefusedError as refused:
            wrong = [f"refused: {refused}"]
        if wrong:
            lines.append(f"pycrdt, seed {seed}: {'; '.join(wrong)}")
    return lines
