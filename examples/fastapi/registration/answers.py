"""What handlers are asked with, and what they answer."""

from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints

Answer = dict[str, Any]
Name = Annotated[str, StringConstraints(max_length=100, pattern=r"^[\w.:-]+$")]


class Named(BaseModel):
    name: Name


class OfModel(BaseModel):
    model: Name


def done(**what: Any) -> Answer:
    return {"success": True, **what}
