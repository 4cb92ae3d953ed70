"""Objects of which there are many, most of whose containers stay empty: a container is made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar


class MadeWhenAsked:
    """Slots named in ``_made`` are filled by what stands there when they are first read; the others by ``__init__``."""

    __slots__ = ()
    _made: ClassVar[Mapping[str, Callable[[], Any]]] = {}

    def __getattr__(self, name: str) -> Any:
        make = self._made.get(name)
        if make is None:
            raise AttributeError(name)
        value = make()
        setattr(self, name, value)
        return value

    def is_made(self, name: str) -> bool:
        """Return whether somebody has asked for a container."""
        try:
            object.__getattribute__(self, name)
        except AttributeError:
            return False
        return True
