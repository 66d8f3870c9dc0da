"""The examples of docs/yjs.md, as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from conftest import connected, under_uvicorn
from yjs_editor import Editor

DOCUMENT = Path(__file__).parents[2] / "docs" / "yjs.md"


async def test_the_examples_share_a_document(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    made: dict[str, Any] = {}
    exec("\n\n".join(blocks), made)
    sio = made["sio"]
    assert callable(made["collab"])

    @sio.event
    async def connect(sid, environ, auth):
        await sio.users.bind(sid, auth["user_id"])

    async with (
        under_uvicorn(made["app"]) as url,
        connected(url, auth={"user_id": "u1"}) as client,
    ):
        alice = Editor(client, "my-document")
        await alice.join(user_id="somebody else")
        assert await alice.type("quiet") is True
        assert await sio.yjs.members("my-document") == [alice.sid]
        assert await made["shout"]("my-document") == "QUIET"
    assert capsys.readouterr().out.startswith("my-document ")
    assert (tmp_path / "documents.db").exists()
