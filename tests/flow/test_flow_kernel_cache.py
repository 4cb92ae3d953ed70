"""Compiled kernels are kept by the digest of their sources, whoever imported numba first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_numba_imported_first_does_not_move_the_cache(tmp_path):
    script = "import numba; from columns.kernel import cache_folder, kernel; from columns import text_column\n" \
             "from sensor.flow.index import rebuild; print(rebuild.stats.cache_path)"
    env = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"} | {"SEKISHO_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True,
                          cwd=Path(__file__).parents[2])
    assert done.stdout.startswith(str(tmp_path))
