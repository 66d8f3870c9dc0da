from typing import Any

from open_webui.people import UserModel, may

from openwebui.records import record


class Chats:
    @staticmethod
    async def get_accessible_chat_by_id(
        chat_id: str, user: UserModel, permission: str = "read"
    ) -> bool:
        return may(user.id, permission, chat_id)

    @staticmethod
    async def add_message_status_to_chat_by_id_and_message_id(
        chat_id: str, message_id: str, status: dict[str, Any]
    ) -> None:
        record("status", chat=chat_id, message=message_id, status=status)

    @staticmethod
    async def upsert_message_to_chat_by_id_and_message_id(
        chat_id: str, message_id: str, message: dict[str, Any], **_: object
    ) -> None:
        record("message", chat=chat_id, message=message_id, content=message)

    @staticmethod
    async def get_message_by_id_and_message_id(chat_id: str, message_id: str) -> dict[str, Any]:
        return {"content": "so far, "}

    @staticmethod
    async def update_chat_last_read_at_by_id(chat_id: str, user_id: str) -> tuple[int, bool]:
        record("chat read", chat=chat_id, user=user_id)
        return 1234, True

    @staticmethod
    async def count_unread_by_folder_ids(user_id: str, folder_ids: list[str]) -> dict[str, int]:
        return {"inner": 2}
