"""What has been said: one SQLite table. And the answers that are being given right now."""

import sqlite3
from dataclasses import asdict, dataclass
from time import time
from typing import Any

from settings import DATA

SHOWN = 60  # messages a newcomer is shown

_db = sqlite3.connect(DATA / "chat.db", isolation_level=None)
_db.row_factory = sqlite3.Row
_db.execute("PRAGMA journal_mode = WAL")
_db.execute(
    "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, room TEXT NOT NULL,"
    " user TEXT NOT NULL, text TEXT NOT NULL, at REAL NOT NULL,"
    " model TEXT, input INTEGER, output INTEGER, stopped INTEGER)"
)
_db.execute("CREATE INDEX IF NOT EXISTS by_room ON messages (room, id)")


@dataclass
class Answer:
    """What a model is saying; `stream` is the name of its `sio.stream`."""

    room: str
    stream: str
    user: str  # who has asked
    model: str
    at: float


_answering: dict[str, Answer] = {}  # by stream; bounded by the limit on questions


def add(
    room: str,
    user: str,
    text: str,
    *,
    model: str | None = None,
    input: int | None = None,
    output: int | None = None,
    stopped: bool = False,
) -> dict[str, Any]:
    """Keep a message, or a model's answer with what it has cost. Returns what clients are told."""
    said = {"room": room, "user": user, "text": text, "at": time(), "model": model}
    said |= {"input": input, "output": output, "stopped": stopped}
    columns, marks = ", ".join(said), ", ".join("?" * len(said))
    kept = _db.execute(f"INSERT INTO messages ({columns}) VALUES ({marks})", tuple(said.values()))
    return {"id": kept.lastrowid, **said}


def messages(room: str) -> list[dict[str, Any]]:
    newest = "SELECT * FROM messages WHERE room = ? ORDER BY id DESC LIMIT ?"
    return [dict(row) for row in reversed(_db.execute(newest, (room, SHOWN)).fetchall())]


def rooms(most: int) -> list[str]:
    found = _db.execute(
        "SELECT room FROM messages GROUP BY room ORDER BY max(id) DESC LIMIT ?", (most,)
    )
    return [row["room"] for row in found]


def began(answer: Answer) -> None:
    _answering[answer.stream] = answer


def ended(answer: Answer) -> None:
    _answering.pop(answer.stream, None)


def answering(room: str) -> list[dict[str, Any]]:
    """For a newcomer, who asks for these streams from their beginning."""
    return [asdict(each) for each in _answering.values() if each.room == room]
