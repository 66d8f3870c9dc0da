"""Asks tests/cpp/features/yjs_tool.cpp, which says how."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

SQUASH = 1
DROP_DELETED = 2
MODES = {"plain": 0, "squash": SQUASH, "squash+drop": SQUASH | DROP_DELETED}


class RefusedError(Exception):
    """The tool does not do it, and says why."""


class Tool:
    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> "Tool":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def _read(self, size: int) -> bytes:
        assert self._process.stdout
        read = self._process.stdout.read(size)
        if len(read) < size:
            raise RuntimeError(f"the tool ended: {self._process.wait(10)}")
        return read

    def _get(self, operation: bytes, flags: int, parts: Sequence[bytes]) -> bytes:
        assert self._process.stdin
        question = [operation, bytes([flags]), len(parts).to_bytes(4, "little")]
        for part in parts:
            question += [len(part).to_bytes(4, "little"), part]
        self._process.stdin.write(b"".join(question))
        self._process.stdin.flush()
        good = self._read(1) == b"\1"
        answer = self._read(int.from_bytes(self._read(4), "little"))
        if not good:
            raise RefusedError(answer.decode())
        return answer

    def merge(self, updates: Sequence[bytes], flags: int) -> bytes:
        return self._get(b"m", flags, updates)

    def diff(self, state: bytes, vector: bytes) -> bytes:
        return self._get(b"d", 0, [state, vector])

    def state_vector(self, state: bytes) -> bytes:
        return self._get(b"v", 0, [state])
