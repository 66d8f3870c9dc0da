"""What handlers are asked with, and what they answer: `{success, …}`, or `{success, error}`."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Annotated, Any, TypeVar, get_type_hints

from pydantic import BaseModel, StringConstraints, ValidationError

Answer = dict[str, Any]
Name = Annotated[str, StringConstraints(max_length=100, pattern=r"^[\w.:-]+$")]
P = TypeVar("P", bound=BaseModel)


class Named(BaseModel):
    name: Name


class OfModel(BaseModel):
    model: Name


def done(**what: Any) -> Answer:
    return {"success": True, **what}


def refused(error: str) -> Answer:
    return {"success": False, "error": error}


def validated(handler: Callable[[P], Awaitable[Answer]]) -> Callable[..., Awaitable[Answer]]:
    """Call it with the model that its parameter names; what is none is refused."""
    hints = get_type_hints(handler)
    del hints["return"]
    (model,) = hints.values()

    @wraps(handler)
    async def checked(data: Any = None) -> Answer:
        try:
            payload: P = model.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            return refused(f"{'.'.join(map(str, first['loc'])) or 'data'}: {first['msg']}")
        return await handler(payload)

    return checked
