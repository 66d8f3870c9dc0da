"""Arguments of events, checked by pydantic where a handler's annotations say how."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias, get_args, get_origin

from .exceptions import PayloadError

Detail: TypeAlias = dict[str, Any]
# Given an argument and its number: the value for the handler. `PayloadError` if it is none.
Check: TypeAlias = Callable[[Any, int], Any]


def is_typed_dict(annotation: object) -> bool:
    """Also one of typing_extensions, which `typing` does not know."""
    is_dict = isinstance(annotation, type) and issubclass(annotation, dict)
    return is_dict and hasattr(annotation, "__total__")


def is_of_pydantic(annotation: object) -> bool:
    """A model or dataclass, or `Annotated[int, Field(gt=0)]`. Pydantic need not be installed."""
    if get_origin(annotation) is Annotated:
        return any(_makes_constraints(each) for each in get_args(annotation)[1:])
    return isinstance(annotation, type) and hasattr(annotation, "__pydantic_validator__")


def is_dataclass(annotation: object) -> bool:
    """One of the standard library's, which says nothing of pydantic."""
    return isinstance(annotation, type) and dataclasses.is_dataclass(annotation)


def _makes_constraints(metadata: object) -> bool:
    return type(metadata).__module__.partition(".")[0] in ("pydantic", "annotated_types")


def contains(annotation: Any, what: Callable[[object], bool]) -> bool:
    """Is it so for an annotation, or for a part of it, as in `list[Model] | None`?"""
    return what(annotation) or any(contains(each, what) for each in get_args(annotation))


def check_for(annotation: Any) -> Check:
    """`ImportError` without pydantic, its `PydanticUserError` for what it cannot check."""
    try:
        from pydantic import TypeAdapter, ValidationError
    except ImportError:
        raise ImportError(
            "to check the arguments of events pydantic is needed: pip install sio-native[events]"
        ) from None
    adapter = TypeAdapter(annotation)

    def check(value: Any, number: int) -> Any:
        try:
            return adapter.validate_python(value)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            raise PayloadError(
                {"type": each["type"], "loc": [number, *each["loc"]], "msg": each["msg"]}
                for each in found
            ) from None

    return check


def checks_if_possible(typed: dict[str, Any], handler: str) -> dict[str, Check]:
    """For TypedDicts that may be there for a type checker alone: else they are left unchecked."""
    try:
        import pydantic
    except ImportError:
        return {}
    try:
        return {name: check_for(annotation) for name, annotation in typed.items()}
    except pydantic.PydanticUserError as error:
        warnings.warn(f"the arguments of {handler} are not checked: {error.message}", stacklevel=2)
        return {}
