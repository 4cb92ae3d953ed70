"""Where the corpus of real captures is, and skipping where it is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]


def corpus(*parts: str) -> Path:
    """Return a path in the corpus ($SEKISHO_CORPUS, else ../shared/corpus beside the project), or skip the test."""
    base = Path(os.environ.get("SEKISHO_CORPUS") or _ROOT.parent / "shared" / "corpus")
    path = base.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no {'/'.join(parts)} in the corpus {base} (set SEKISHO_CORPUS)")
    return path
