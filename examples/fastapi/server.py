"""The Socket.IO server, which the other files add to."""

import sio_native as socketio

# One client's events are handled one after another, so a join never overtakes a leave.
sio = socketio.AsyncServer(async_mode="asgi", async_handlers=False)

# Of one client; what needs a narrower limit has one at its handler.
sio.limit("*", "200/10s")
