"""The decoder and the plain-Python oracle say the same of every frame, whole or damaged."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensor.frames import FrameBlock, frame_block
from tests.support.decoded import assert_agrees
from tests.support.frame_strategies import damaged_frames, linked_frames

EXAMPLES = int(os.environ.get("SEKISHO_DECODE_EXAMPLES", "300"))
RELAXED = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def block_of(frames: list[tuple[int, bytes, int]]) -> FrameBlock:
    block = frame_block([data for _, data, _ in frames], wire_bytes=[wire for *_, wire in frames])
    return block._replace(link_type=np.array([link for link, *_ in frames], np.uint16))


@RELAXED
@given(st.lists(linked_frames, min_size=1, max_size=6), st.sampled_from(["ignore", "validate", "auto"]))
def test_whole_frames(frames, checksums):
    assert_agrees(block_of([(link, data, len(data)) for link, data in frames]), checksums)


@RELAXED
@given(st.lists(damaged_frames(), min_size=1, max_size=6), st.sampled_from(["ignore", "validate", "auto"]))
def test_damaged_frames(frames, checksums):
    assert_agrees(block_of(frames), checksums)


@RELAXED
@given(st.lists(st.tuples(st.sampled_from([0, 1, 9, 12, 51, 104, 113, 276]), st.binary(max_size=120)), min_size=1,
                max_size=6))
def test_noise(frames):
    assert_agrees(block_of([(link, data, len(data)) for link, data in frames]), "validate")


@pytest.mark.skipif(bool(os.environ.get("NUMBA_DISABLE_JIT")), reason="this is the run without the JIT")
def test_the_same_without_the_jit():
    """The kernels as plain Python, where numpy would warn of an overflow, against the same oracle."""
    here = Path(__file__).parent
    run = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__,
         str(here / "test_decode_fragments.py"), str(here / "test_decode_layers.py")],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "SEKISHO_DECODE_EXAMPLES": "25"}, capture_output=True, text=True,
        check=False, cwd=Path(__file__).parents[2])
    assert run.returncode == 0, run.stdout[-3000:]
