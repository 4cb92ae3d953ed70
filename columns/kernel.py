"""The one decorator for kernels, and the place where compiled kernels are kept."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_ROOMS = ("columns", "zones", "sensor", "detectors")


@cache
def kernel_digest() -> str:
    """Return a digest of all sources of the rooms with kernels (constants are frozen into them), and of the Python."""
    digest = hashlib.sha256(sys.version.encode())
    for room in _ROOMS:
        for path in sorted((_ROOT / room).rglob("*.py")):
            digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Return the folder of compiled kernels of exactly this source (SEKISHO_CACHE_DIR or the user's cache)."""
    base = os.environ.get("SEKISHO_CACHE_DIR") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"), "sekisho"
    )
    return Path(base) / "kernels" / kernel_digest()


def is_cold() -> bool:
    """Return True when no kernel of this source has been compiled on this machine yet."""
    folder = cache_folder()
    return not folder.is_dir() or not any(folder.rglob("*.nbi"))


# numba's own cache looks at one file at a time and would miss a change in a kernel that stands in another file;
# a folder named by the digest of all of them cannot go stale, and lets kernels stand where a reader looks for them.
os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder()))

import numba  # noqa: E402  (the cache folder has to be known first)

numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]  # also where somebody imported numba before us

# _nrt=False: kernels own no memory, so no references are counted. With counting, every array that a kernel hands to a
# part cost two atomic operations a call, which was two fifths of the flow table's time.
_OPTIONS = {"nogil": True, "boundscheck": True, "_nrt": False}

kernel = numba.njit(cache=True, **_OPTIONS)
"""Compile a function of arrays: cached on disk, without the GIL, bounds checked (the input is hostile).

A kernel writes into arrays that it is given. It cannot make one, and cannot return one: numba refuses to compile that.
"""

part = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **_OPTIONS)
"""The same for a function that only kernels call: without an entry from Python it compiles a fifth faster.

It is stored as part of the kernels that call it, and runs as plain Python under NUMBA_DISABLE_JIT=1.
"""

inlined = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True, **_OPTIONS)
"""A part that is called once for every row, in one place: it is compiled into its caller, without a call."""
