"""The folder of a journal: whose it is, and what a crash has left there.

The engine writes `usage-<seq>.journal`, a file for each batch; `node` names the writer and is
locked while it runs.
"""

from __future__ import annotations

import fcntl
import os
import re
import uuid
from pathlib import Path

_NAME = re.compile(r"usage-(\d+)\.journal")


class Journal:
    """Raises `RuntimeError` for a folder that another process has, `OSError` as files do."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.folder / "node", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise RuntimeError(f"the journal {self.folder} is another process's") from None
        self.node = os.read(self._file, 64).decode("ascii", "replace").strip()
        if not self.node:
            self.node = uuid.uuid4().hex
            os.write(self._file, self.node.encode())
            os.fsync(self._file)

    def left(self) -> list[int]:
        """The numbers of the batches there, in order."""
        found = map(_NAME.fullmatch, os.listdir(self.folder))
        return sorted(int(match[1]) for match in found if match)

    def path(self, seq: int) -> Path:
        return self.folder / f"usage-{seq}.journal"

    def sync(self, seq: int) -> None:
        """To the disk itself, for the end of the machine; the end of the process needs nothing."""
        file = os.open(self.path(seq), os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(file)
        finally:
            os.close(file)

    def remove(self, seq: int) -> None:
        self.path(seq).unlink(missing_ok=True)

    def close(self) -> None:
        os.close(self._file)
