"""JavaScript clients of a server that drains; the checks are in js/drain.mjs."""

import pytest

import sio_native

from .scripts import run_script

NOTICE = {"message": "Server maintenance", "reconnectIn": 30000}


@pytest.mark.parametrize("transport", ["polling", "websocket", "upgrade"])
def test_javascript_clients_are_told_and_come_back_by_themselves(transport):
    sio = sio_native.AsyncServer()
    details = []

    async def restart(port: int) -> None:
        await sio.drain(notify=NOTICE, deadline=5, wave=2)
        sio.listen("127.0.0.1", port)

    sio.on("drain", lambda sid, port: sio.start_background_task(restart, port) and None)
    sio.on("disconnect", lambda sid, reason: details.append(reason.detail))
    run_script("drain.mjs", lambda: sio, transport)
    assert details[:3] == ["server shutting down"] * 3
