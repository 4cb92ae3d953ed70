"""Whether somebody inspects buffers changes nothing of the rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensor.capture import open_capture
from sensor.frames import FrameBlock
from sensor.protocols import DATAGRAM_WANTS, STREAM_WANTS
from tests.support.corpus import corpus
from tests.support.dissecting import dissected, ordered


def blocks(path: Path) -> Iterator[FrameBlock]:
    with open_capture(path) as capture:
        yield from capture.blocks(4096)


@pytest.mark.parametrize("kind", ["dcerpc", "http2", "smb"])
def test_rows_are_the_same_with_and_without_inspection(kind: str) -> None:
    compared = 0
    for told in sorted(corpus("suricata-verify").glob(f"*/*{kind}*/case.json")):
        capture = told.parent / (json.loads(told.read_text()).get("pcap") or "input.pcap")
        plain = dissected(blocks(capture), STREAM_WANTS, DATAGRAM_WANTS)
        inspected = dissected(blocks(capture), STREAM_WANTS, DATAGRAM_WANTS, inspected=True)
        assert ordered(plain.rows) == ordered(inspected.rows), told.parent.name
        assert not plain.spoken
        compared += len(inspected.spoken) > 0
    assert compared >= 3
