from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel

from openwebui.records import record


class NoteUpdateForm(BaseModel):
    data: dict[str, Any] | None = None


class Notes:
    """Each team's note is alice's."""

    @staticmethod
    async def get_note_by_id(note_id: str) -> SimpleNamespace | None:
        if note_id == "missing":
            return None
        return SimpleNamespace(id=note_id, user_id=f"alice-{note_id}", data={"content": "saved"})

    @staticmethod
    async def update_note_by_id(note_id: str, form: NoteUpdateForm) -> bool:
        record("note saved", note=note_id, data=form.data)
        return True
