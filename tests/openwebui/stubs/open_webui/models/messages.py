from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel

from openwebui.records import record


class MessageForm(BaseModel):
    content: str
    data: dict[str, Any] | None = None
    meta: dict[str, Any] | None = None


class MessageModel(MessageForm):
    id: str
    channel_id: str


_kept: dict[str, MessageForm] = {}


class Messages:
    """A message is `<channel>/<anything>`, and is in that channel."""

    @staticmethod
    async def get_message_by_id(message_id: str) -> MessageModel:
        form = _kept.get(message_id) or MessageForm(content="")
        channel_id = message_id.partition("/")[0]
        return MessageModel(id=message_id, channel_id=channel_id, **form.model_dump())

    @staticmethod
    async def update_message_by_id(message_id: str, form: MessageForm) -> SimpleNamespace:
        record("channel message", message=message_id, content=form.content)
        _kept[message_id] = form
        return SimpleNamespace()
