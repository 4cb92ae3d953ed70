"""What pyproject.toml cannot say: with SEKISHO_COMPILED=1 the parsers of protocols become machine code (mypyc).

    SEKISHO_COMPILED=1 pip install .

takes a C compiler and some two minutes. The modules stay what they are, Python with types, and without a compiler they
do the same, only slower.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).resolve().parent
ROOM = "sensor/protocols"
LEFT = frozenset({"__init__.py", "registry.py"})  # nothing is done in these but to import
COMPILED = os.environ.get("SEKISHO_COMPILED") == "1"
_KERNELS = "from columns.kernel import"  # they have a compiler of their own
_BUILDING = frozenset({"bdist_wheel", "build", "build_ext"})
"""Others only ask what is required. An editable installation stays Python: machine code beside its source would be run
in its place after the source has changed."""



def compiled_modules() -> list[str]:
    """Return the modules that can become machine code, as paths from the root."""
    return [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / ROOM).rglob("*.py"))
            if path.name not in LEFT and _KERNELS not in path.read_text(encoding="utf-8")]


def extensions() -> list:
    """Return what to compile, as two units that two cores can take at once; nothing unless asked for.

    More optimisation was measured to take three times as long and to gain nothing.
    """
    if not COMPILED or not _BUILDING & set(sys.argv):
        return []
    from mypyc.build import mypycify

    modules = compiled_modules()
    units = [modules[0::2], modules[1::2]]
    return mypycify(modules, opt_level="1", debug_level="0",
                    separate=[(unit, f"sekisho_parsers_{k}") for k, unit in enumerate(units)])


if __name__ == "__main__":
    setup(ext_modules=extensions(), options={"build_ext": {"parallel": 2}} if COMPILED else {},
          setup_requires=["mypy>=1.19,<3"] if COMPILED else [])
