from openwebui.records import record


async def cancel_timers_for_chat(chat_id: str, kind: str, user_id: str) -> None:
    record("timers cancelled", chat=chat_id, user=user_id)
