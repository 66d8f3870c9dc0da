"""Messages to rooms, and a chat that may not be flooded."""

from pydantic import BaseModel, Field

from sio_native import Socket

from .errors import Answer, Refused


class Room(BaseModel):
    roomId: str = Field(min_length=1, max_length=100)


class Message(Room):
    text: str = Field(min_length=1, max_length=1000)


class ChatMessage(BaseModel):
    text: str = Field(min_length=1, max_length=1000)


def room_of(asked: Room) -> str:
    """With a prefix: what a client says must not name an upload's room, or another client."""
    return f"chat-{asked.roomId}"


def register_message_handlers(socket: Socket) -> None:
    @socket.on("join-room")
    async def join(asked: Room) -> Answer:
        await socket.join(room_of(asked))
        return {"success": True}

    @socket.on("send-message")
    async def send(message: Message) -> Answer:
        if room_of(message) not in socket.rooms:
            raise Refused("Join the room first")
        await socket.to(room_of(message)).emit("new-message", message.model_dump())
        return {"success": True}

    @socket.on("chat-message")  # at most ten a minute: see server.py
    async def chat(message: ChatMessage) -> Answer:
        await socket.broadcast.emit("chat-message", {"from": socket.id, "text": message.text})
        return {"success": True}
