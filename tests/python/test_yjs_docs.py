"""The examples of docs/yjs.md, as they stand there."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import pytest
import socketio
from conftest import connected, under_uvicorn
from socketio.exceptions import ConnectionError as Refused
from yjs_editor import Editor

DOCUMENT = Path(__file__).parents[2] / "docs" / "yjs.md"


USERS = {"token of ann": "ann", "token of bob": "bob", "token of eve": "eve"}
ACCESS = {"ann": "write", "bob": "read"}


def application() -> dict[str, Any]:
    blocks = re.findall(r"^```python\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    made: dict[str, Any] = {
        "decode_token": lambda token: {"id": USERS[token]},
        "access_to": lambda document, user: ACCESS.get(user, "none"),
    }
    exec("\n\n".join(blocks), made)
    return made


async def test_the_examples_share_a_document(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    made = application()
    sio = made["sio"]
    assert callable(made["collab"])
    async with (
        under_uvicorn(made["app"]) as url,
        connected(url, auth={"token": "token of ann"}) as client,
    ):
        alice = Editor(client, "my-document")
        await alice.join(user_id="somebody else")
        assert await alice.type("quiet") is True
        assert await sio.yjs.members("my-document") == [alice.sid]
        assert await made["shout"]("my-document") == "QUIET"
        await made["let_go_of_what_is_damaged"]("my-document")
        assert await alice.nack() == "cleared"
        assert await sio.yjs.text("my-document") == "quiet"
    assert capsys.readouterr().out.startswith("my-document ")
    assert (tmp_path / "documents.db").exists()


async def test_the_example_lets_nobody_in_who_only_says_who_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = application()
    async with under_uvicorn(made["app"]) as url:
        for token, reason in (("bob", "read_only"), ("eve", "not_allowed")):
            async with connected(url, auth={"token": f"token of {token}"}) as client:
                editor = Editor(client, "my-document")
                await client.emit("ydoc:document:join", {"document_id": "my-document"})
                assert await editor.type("x") is None
                assert await editor.nack() == reason
        for user in ("ann", "bob", "eve", "forged"):
            auth = {"token": f"token of {user}", "user_id": "ann"}
            allowed = user in ACCESS
            client = socketio.AsyncClient(reconnection=False)
            with contextlib.nullcontext() if allowed else pytest.raises(Refused):
                await client.connect(url, auth=auth, namespaces=["/yjs|my-document"])
            await client.disconnect()
