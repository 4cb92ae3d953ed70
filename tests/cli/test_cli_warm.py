"""Kernels are there before packets flow: a replay waits for none of them in the middle."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.capture_files import pcap
from tests.support.frames import ethernet, ipv4, udp
from zones import EXAMPLE

MORE_THAN_THE_INDEX_HOLDS = 40_000

_REPLAY = """
import gc, json, sys
from pathlib import Path
from numba.core.registry import CPUDispatcher
import sekisho.pipeline as pipeline
from sekisho.replaying import Request, run_replay

load, before = pipeline.load_kernels, {}

def there():
    gc.unfreeze()  # what is frozen is not listed
    return {id(k): (k.py_func.__name__, len(k.signatures)) for k in gc.get_objects() if isinstance(k, CPUDispatcher)}

def loaded(*asked):
    load(*asked)
    before.update(there())

pipeline.load_kernels = loaded
run_replay(Request([Path(sys.argv[1])], quiet=True, keep=False, payload=sys.argv[2] == "payload", as_json=True,
                   zones=Path(sys.argv[3])))
print(json.dumps([name for key, (name, count) in there().items() if count != before.get(key, (name, 0))[1]]),
      file=sys.stderr)
"""


@pytest.mark.parametrize("what", ["payload", "flows"])
def test_no_kernel_is_loaded_while_packets_flow(tmp_path: Path, what: str) -> None:
    capture = tmp_path / "many.pcap"
    capture.write_bytes(pcap([ethernet(ipv4(udp(b"x")))] * MORE_THAN_THE_INDEX_HOLDS))
    asked = [sys.executable, "-c", _REPLAY, str(capture), what, str(EXAMPLE)]
    run = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert f'"packets": {MORE_THAN_THE_INDEX_HOLDS}' in run.stdout
    assert json.loads(run.stderr.splitlines()[-1]) == []
