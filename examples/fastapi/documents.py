"""The shared document of each room: Yjs over npm's `y-socket.io`, kept in SQLite."""

from auth import user_of
from people import ROOM_NAME
from server import sio
from settings import DATA
from sio_native.yjs import Editor, SQLiteStore

# Durable: nobody sees an edit before it is in the file, so that a crash takes nothing back.
sio.yjs.serve(SQLiteStore(DATA / "documents.db"), durable=True, dialects=["y-socket.io"])


@sio.yjs.on_authorize
def authorize(document: str, editor: Editor) -> str:
    """The token that Socket.IO has is the editor's too."""
    editor.id = user_of(editor.auth)
    return "write" if editor.id and ROOM_NAME.fullmatch(document) else "none"
