"""Events whose data is a pydantic model; what is none is answered `{success: false, error}`."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ValidationError

Answer = dict[str, Any]
P = TypeVar("P", bound=BaseModel)


def validated(handler: Callable[[P], Awaitable[Answer]]) -> Callable[..., Awaitable[Answer]]:
    """Call it with the model that its parameter names."""
    hints = get_type_hints(handler)
    del hints["return"]
    (model,) = hints.values()

    @wraps(handler)
    async def checked(data: Any = None) -> Answer:
        try:
            payload: P = model.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "data"
            return {"success": False, "error": f"{where}: {first['msg']}"}
        return await handler(payload)

    return checked
