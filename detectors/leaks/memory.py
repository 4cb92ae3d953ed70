"""What a detector remembers, by whatever key: bounded, and counted where it gives way."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from typing import Generic, TypeVar

_NAMES, _NAME_CHARACTERS = 4096, 255
Key = TypeVar("Key")
Value = TypeVar("Value")


class Memory(Generic[Key, Value]):
    """What a detector remembers, at most so many entries; the longest unused gives way and is counted."""

    def __init__(self, most: int, on_evict: Callable[[Key, Value], None] | None = None) -> None:
        self.most, self.evicted, self.on_evict = most, 0, on_evict
        self._known: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value of a key, made if it is new, as the one used last."""
        known = self._known
        if key in known:
            known.move_to_end(key)
            return known[key]
        if len(known) >= self.most:
            gone = known.popitem(last=False)
            self.evicted += 1
            if self.on_evict is not None:
                self.on_evict(*gone)
        value = known[key] = make()
        return value

    def seen(self, key: Key) -> Value | None:
        """Return the value of a key, or None; it is not used by this."""
        return self._known.get(key)

    def drop(self, key: Key) -> None:
        """Forget a key."""
        self._known.pop(key, None)

    def keys(self) -> list[Key]:
        """Return the keys."""
        return list(self._known)

    def clear(self) -> None:
        """Forget everything but the count."""
        self._known.clear()

    def __len__(self) -> int:
        return len(self._known)


def by_name(look_up: Callable[[str], Value]) -> Callable[[str], Value]:
    """Return a look-up, which must depend on the name alone, that remembers what it said of names lately asked for.

    Long names are looked up each time, so that what is remembered stays small whoever chooses them.
    """
    remembered = lru_cache(_NAMES)(look_up)
    return lambda name: remembered(name) if len(name) <= _NAME_CHARACTERS else look_up(name)
