"""What the annotations of a handler's parameters ask for."""

from __future__ import annotations

import importlib
import inspect
import sys
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from inspect import Parameter
from types import FunctionType, NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeAlias, Union, get_args, get_origin

from . import payload_check
from .ack import Ack
from .payload_check import Check
from .types import Handler, Sid

if TYPE_CHECKING:
    from .async_server import AsyncServer
    from .socket import Socket


_OURS = ("Ack", "AsyncServer", "Sid", "Socket")


class Given(NamedTuple):
    """What there is for a call of a handler."""

    sio: AsyncServer
    sid: str
    namespace: str
    ack: Ack | None

    def socket(self) -> Socket:
        return self.sio.socket(self.sid, self.namespace)


Take: TypeAlias = Callable[[Given], Any]


class Ask(NamedTuple):
    """Of one parameter: `take` for what we have, a `dependency`, or else an argument of the event,
    which `check` makes of what has come; `rest`: all that are left."""

    name: str
    take: Take | None = None
    dependency: Any = None
    check: Check | None = None
    default: Any = Parameter.empty
    rest: bool = False
    by_name: bool = False

    @property
    def is_argument(self) -> bool:
        return self.take is None and self.dependency is None


def take_server(given: Given) -> Any:
    return given.sio


def take_sid(given: Given) -> Any:
    return given.sid


def take_ack(given: Given) -> Any:
    # None: the event had begun before anybody asked for one, once in the life of a server.
    return given.ack or Ack("", None)


def ours(annotation: Any) -> Take | None:
    """Who takes what an annotation asks for, if it is one of ours."""
    if get_origin(annotation) is Annotated:
        annotation = annotation.__origin__
    if get_origin(annotation) in (Union, UnionType):  # ours is there also for who may do without
        others = [each for each in get_args(annotation) if each is not NoneType]
        annotation = others[0] if len(others) == 1 else annotation
    if annotation is Sid:
        return take_sid
    if annotation is Ack:
        return take_ack
    if not isinstance(annotation, type):
        return None
    if annotation.__module__ == "sio_native.socket" and annotation.__name__ == "Socket":
        return Given.socket  # by its name: most servers have no need of the module
    if any(each.__module__ == "sio_native.async_server" for each in annotation.__mro__):
        return take_server
    return None


def asks_of(handler: Handler) -> list[Ask]:
    """What its parameters ask for, in their order; empty for a handler that is plain.

    It is one if no annotation asks for anything of ours, a dependency, or a check of an argument.
    `TypeError` and `ImportError` for what cannot be had.
    """
    bound: Mapping[str, Any] = {}
    function: Any = handler
    if isinstance(function, partial):
        function, bound = function.func, function.keywords
    function = getattr(function, "__func__", function)
    if type(function) is FunctionType:
        if _is_bare(function):
            return []
    else:
        function = getattr(type(function), "__call__", function)  # noqa: B004 - the function itself
    wrapper, function = function, inspect.unwrap(function)
    annotations = _annotations(function)
    # First what costs little: most are plain, and some are registered for each client.
    if not any(_asks(each) for each in (*annotations.values(), *_defaults(function))):
        return []
    parameters = [
        each
        for each in inspect.signature(handler).parameters.values()
        if each.kind is not Parameter.VAR_KEYWORD and each.name not in bound
    ]
    asks = [_ask(each, annotations.get(each.name)) for each in parameters]
    typed = _typed(asks, annotations, _is_checked)
    only_arguments = all(each.is_argument for each in asks)
    # A decorator's arguments may be others than those of the function inside, and it may check
    # these itself: unless that asks for what only we have, it is not asked.
    if only_arguments and (not typed or wrapper is not function):
        return []
    if not only_arguments or any(_is_of_pydantic(each) for each in typed.values()):
        typed |= _typed(asks, annotations, payload_check.is_dataclass)
        checks = {name: payload_check.check_for(each) for name, each in typed.items()}
    else:
        checks = payload_check.checks_if_possible(typed, function.__qualname__)
        if not checks:
            return []
    return [each._replace(check=checks.get(each.name)) for each in asks]


def _typed(
    asks: list[Ask], annotations: dict[str, Any], what: Callable[[object], bool]
) -> dict[str, Any]:
    """The annotations of arguments in which there is one that is `what`."""
    return {
        each.name: annotations[each.name]
        for each in asks
        if each.is_argument and payload_check.contains(annotations.get(each.name), what)
    }


def _is_of_pydantic(annotation: Any) -> bool:
    """Else there are only TypedDicts, which may be meant for a type checker alone."""
    return payload_check.contains(annotation, payload_check.is_of_pydantic)


def _is_checked(annotation: object) -> bool:
    return payload_check.is_of_pydantic(annotation) or payload_check.is_typed_dict(annotation)


def _is_bare(function: FunctionType) -> bool:
    """Without annotations and defaults, as many are."""
    try:
        return not (function.__annotations__ or function.__defaults__ or function.__kwdefaults__)
    except NameError:  # see _annotations
        return False


def _asks(of: Any) -> bool:
    """Of an annotation or a default."""
    if type(of) is type and of.__module__ == "builtins":
        return False
    marks = (of, *of.__metadata__) if get_origin(of) is Annotated else (of,)
    return (
        ours(of) is not None
        or any(_is_dependency(each) for each in marks)
        or payload_check.contains(of, _is_checked)
    )


def _defaults(function: Any) -> list[Any]:
    positional = getattr(function, "__defaults__", None) or ()
    return [*positional, *(getattr(function, "__kwdefaults__", None) or {}).values()]


def _ask(parameter: Parameter, annotation: Any) -> Ask:
    dependency = _dependency(parameter, annotation)
    ask = Ask(
        parameter.name,
        take=ours(annotation) if dependency is None else None,
        dependency=dependency,
        default=parameter.default,
        rest=parameter.kind is Parameter.VAR_POSITIONAL,
        by_name=parameter.kind is Parameter.KEYWORD_ONLY,
    )
    if ask.is_argument and ask.by_name and ask.default is Parameter.empty:
        raise TypeError(f"nobody gives {ask.name!r}: arguments of events have no names")
    return ask


def _dependency(parameter: Parameter, annotation: Any) -> Any:
    """A `Depends` in the annotation, or as default."""
    marks = [parameter.default]
    if get_origin(annotation) is Annotated:
        marks += annotation.__metadata__
    found = [each for each in marks if _is_dependency(each)]
    if found and type(found[0]).__module__ == "fastapi.params":
        raise TypeError(
            f"{parameter.name!r} depends as FastAPI's requests do: a handler of events needs "
            "`from sio_native import Depends`"
        )
    return found[0] if found else None


def _is_dependency(mark: Any) -> bool:
    # Whoever has one has imported the library.
    library = sys.modules.get("fast_depends.dependencies")
    if library is not None and isinstance(mark, library.Dependant):
        return True
    return type(mark).__module__ == "fastapi.params" and hasattr(mark, "dependency")


def _annotations(function: Any) -> dict[str, Any]:
    """Of its parameters, as far as they can be had: what is for a type checker asks for nothing."""
    try:
        written = dict(getattr(function, "__annotations__", ()))
    except NameError:  # Python 3.14 looks up the names when it is asked
        later = importlib.import_module("annotationlib")
        written = later.get_annotations(function, format=later.Format.STRING)
    written.pop("return", None)
    if not any(isinstance(each, str) for each in written.values()):
        return written
    found = {}
    for name, annotation in written.items():
        try:
            while isinstance(annotation, str):  # also one that is quoted by itself
                annotation = _evaluated(annotation, function)
        except Exception:
            if annotation.rpartition(".")[2] in _OURS:
                warnings.warn(
                    f"{annotation!r} of {function.__qualname__} is not there at run time, so that "
                    "the handler does not get it: import it outside TYPE_CHECKING",
                    stacklevel=2,
                )
            continue
        found[name] = annotation
    return found


def _evaluated(annotation: str, function: Any) -> Any:
    try:
        return eval(annotation, function.__globals__)
    except NameError:  # of the function that registers the handler, mostly as it defines it
        frame = sys._getframe()
        while frame.f_back and frame.f_globals.get("__name__", "").startswith("sio_native."):
            frame = frame.f_back
        return eval(annotation, function.__globals__, frame.f_locals)
