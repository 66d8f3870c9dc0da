"""What people say in a room, and what the models answer: a stream that anybody there may stop."""

from time import time
from typing import Any

import history
from board import changed, may_be_asked
from history import Answer
from model import MODELS, Model, speak, tokens_in
from people import room_of, topic
from server import sio
from settings import text

LONGEST_TEXT = 2000  # characters, as the page's input says too


@sio.limit("30/10s", by="user")
@sio.event
async def say(sid: str, said: Any) -> dict[str, Any]:
    """`{text, model?}`: to everybody in the room, and to a model if one is named."""
    room, user = room_of(sid), sio.users.user_of(sid)
    if room is None or user is None:
        return {"error": "Join a room first."}
    if not isinstance(said, dict) or not (words := text(said.get("text"), LONGEST_TEXT)):
        return {"error": f"A message has 1 to {LONGEST_TEXT} characters."}
    asked = said.get("model")
    if asked is not None and (not isinstance(asked, str) or asked not in MODELS):
        return {"error": "There is no such model."}
    if asked is not None and not may_be_asked():
        return {"error": "The models have used up what they may use today."}
    message = history.add(room, user, words)
    await sio.emit("message", message, room=topic(room), skip_sid=sid)
    if asked is not None:
        sio.start_background_task(answer, room, user, MODELS[asked], words)
    return message


async def answer(room: str, user: str, model: Model, question: str) -> None:
    """Tokens are counted as they come, so one that is stopped costs what it has said."""
    words: list[str] = []
    stream = sio.stream(topic(room), "answer")
    given = Answer(room, stream.id, user, model.name, time())
    history.began(given)
    await sio.emit("answer:began", vars(given), room=topic(room))
    cost = tokens_in(question)
    sio.usage.record(model.name, cost, 0, user=user)
    try:
        async with stream:
            async for word in speak(model, question):
                stream.append(word)  # raises when somebody has stopped it
                words.append(word)
                sio.usage.record(model.name, 0, 1, user=user)
                sio.usage.touch(model.name)
                changed.set()
    finally:  # also when the server shuts down
        history.ended(given)
        message = history.add(
            room,
            user,
            "".join(words),
            model=model.name,
            input=cost,
            output=len(words),
            stopped=stream.cancelled,
        )
        changed.set()
    await sio.emit("answer:ended", {"stream": stream.id, "message": message}, room=topic(room))
