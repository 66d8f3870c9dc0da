"""What is stored, in SQLite: documents by name, and a log."""

import json
import sqlite3
from time import time
from typing import Any

LOG_KEEPS = 1000  # entries; the oldest go


class Table:
    """JSON documents by name."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        connection.execute(f"CREATE TABLE IF NOT EXISTS {name} (name TEXT PRIMARY KEY, value TEXT)")

    def all(self) -> dict[str, Any]:
        rows = self._connection.execute(f"SELECT name, value FROM {self._name} ORDER BY name")
        return {name: json.loads(value) for name, value in rows}

    def count(self) -> int:
        (count,) = self._connection.execute(f"SELECT count(*) FROM {self._name}").fetchone()
        return int(count)

    def get(self, name: str) -> Any:
        """None for an unknown name."""
        query = f"SELECT value FROM {self._name} WHERE name = ?"
        row = self._connection.execute(query, (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, name: str, value: Any) -> None:
        query = f"INSERT OR REPLACE INTO {self._name} VALUES (?, ?)"
        self._connection.execute(query, (name, json.dumps(value)))

    def put_default(self, name: str, value: Any) -> None:
        query = f"INSERT OR IGNORE INTO {self._name} VALUES (?, ?)"
        self._connection.execute(query, (name, json.dumps(value)))

    def delete(self, name: str) -> bool:
        """Whether it was there."""
        query = f"DELETE FROM {self._name} WHERE name = ?"
        return self._connection.execute(query, (name,)).rowcount > 0


class Log:
    """The newest entries, `{id, time, level, message}`; the time is in seconds since 1970."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute(
            "CREATE TABLE IF NOT EXISTS logs"
            " (id INTEGER PRIMARY KEY AUTOINCREMENT, time REAL, level TEXT, message TEXT)"
        )

    def add(self, level: str, message: str) -> dict[str, Any]:
        now = time()
        query = "INSERT INTO logs (time, level, message) VALUES (?, ?, ?)"
        number = self._connection.execute(query, (now, level, message)).lastrowid or 0
        self._connection.execute("DELETE FROM logs WHERE id <= ?", (number - LOG_KEEPS,))
        return {"id": number, "time": now, "level": level, "message": message}

    def last(self, count: int) -> list[dict[str, Any]]:
        """The oldest first."""
        query = "SELECT id, time, level, message FROM logs ORDER BY id DESC LIMIT ?"
        names = ("id", "time", "level", "message")
        rows = self._connection.execute(query, (count,)).fetchall()
        return [dict(zip(names, row, strict=True)) for row in reversed(rows)]

    def clear(self) -> int:
        """How many there were."""
        return self._connection.execute("DELETE FROM logs").rowcount


class Database:
    """A query takes microseconds here. A database across a network has an asyncio driver."""

    def __init__(self, path: str) -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        self.models = Table(connection, "models")
        self.presets = Table(connection, "presets")
        self.config = Table(connection, "config")
        self.metrics = Table(connection, "metrics")
        self.logs = Log(connection)
