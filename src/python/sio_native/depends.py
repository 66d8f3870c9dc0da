"""Dependencies of handlers in FastAPI's style, by the library fast-depends.

    async def get_db() -> AsyncIterator[DB]: ...

    @sio.event
    async def save(socket: Socket, db: Annotated[DB, Depends(get_db)], data: Item) -> None: ...

Needs `pip install sio-native[depends]`.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from inspect import Parameter
from typing import TYPE_CHECKING, Any

try:
    from fast_depends import Depends, Provider, dependency_provider, inject
    from fast_depends.dependencies import Dependant
except ImportError as error:
    raise ImportError(
        "dependencies of handlers need fast-depends: pip install sio-native[depends]"
    ) from error

if TYPE_CHECKING:
    from fast_depends.core import CallModel

__all__ = ["Dependant", "Dependencies", "Depends", "dependency_provider"]

# What a dependency may ask for, as a handler does: given an annotation, who knows the value.
Ours = Callable[[Any], Callable[[Any], Any] | None]


class _OfOneHandler(Provider):
    """Its dependencies, gone with the handler: `dependency_provider` would keep them for ever.

    What it overrides is overridden for all.
    """

    def __init__(self) -> None:
        self.dependencies = {}

    @property
    def overrides(self) -> Any:  # type: ignore[override]
        return dependency_provider.overrides


class Dependencies:
    """Those of one handler."""

    def __init__(self, wanted: Mapping[str, Any], ours: Ours) -> None:
        """`TypeError` for a dependency that asks for what nobody has."""
        # Under names that no dependency has: by their names are values handed on to the next.
        self._names = {f"__dependency_{name}": name for name in wanted}
        self._ours = ours
        parameters = [
            Parameter(name, Parameter.KEYWORD_ONLY, default=wanted[short])
            for name, short in self._names.items()
        ]
        call = Parameter("__call", Parameter.KEYWORD_ONLY)

        async def run(**given: Any) -> Any:
            call = given.pop("__call")
            result = call({self._names[name]: value for name, value in given.items()})
            return await result if inspect.isawaitable(result) else result

        run.__signature__ = inspect.Signature([call, *parameters])  # type: ignore[attr-defined]
        self._run: Callable[..., Awaitable[Any]] = inject(
            run, cast=False, dependency_provider=_OfOneHandler(), wrap_model=self._built
        )

    def _built(self, model: CallModel) -> CallModel:
        self._model = model
        self._takes = self._look()
        return model

    async def run(self, call: Callable[[dict[str, Any]], Any], given: Any) -> Any:
        """The result of `call`, which gets their values by name. Generators end behind it."""
        takes = self._look() if dependency_provider.overrides else self._takes
        more = {name: take(given) for name, take in takes.items()}
        return await self._run(__call=call, **more)

    def _look(self) -> dict[str, Callable[[Any], Any]]:
        """Which names have which of our values: for fast-depends a name is one value for all."""
        takes: dict[str, Callable[[Any], Any]] = {}
        others: set[str] = set()
        for model in self._models(self._model):
            others |= model.dependencies.keys()
            for item in model.params:
                name, take = item.field_name, self._ours(item.field_type)
                if take is not None and takes.setdefault(name, take) is take:
                    continue
                others.add(name)
                if item.default_value is Ellipsis and take is None:
                    raise TypeError(f"nobody has {name!r}, for which {model.call_name}() asks")
        if twice := takes.keys() & others:
            raise TypeError(f"{min(twice)!r} must mean the same in all dependencies of a handler")
        return takes

    def _models(self, model: CallModel) -> Iterator[CallModel]:
        for key in model.dependencies.values():
            found = model.dependency_provider.get_dependant(key)
            yield found
            yield from self._models(found)
