"""Shares: both directions of all flows between two hosts have one owner."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from columns import PACKET
from columns.codes import Status
from sekisho.workers.shares import shares_of, shares_of_packets

HOSTS = st.integers(0, 2**128 - 1)


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    shares_of(PACKET.none, 2, 0)


def packets(*rows: dict[str, int]):
    return PACKET.from_rows([{"flow_id": 1, "proto": 6, "status": int(Status.OK), **row} for row in rows])


@given(HOSTS, HOSTS, st.integers(1, 200), st.integers(0, 2**63 - 1), st.integers(0, 65535))
def test_two_hosts_have_one_owner(one: int, other: int, workers: int, seed: int, port: int) -> None:
    there = {"src_ip": one, "dst_ip": other, "src_port": port, "dst_port": 80, "flow_id": 7}
    back = {"src_ip": other, "dst_ip": one, "src_port": 20, "dst_port": port, "flow_id": 8, "proto": 17}
    shares = shares_of(packets(there, back), workers, seed)
    assert shares[0] == shares[1] < workers


@given(st.integers(2, 64), st.integers(0, 2**63 - 1))
def test_many_hosts_are_shared_out_evenly(workers: int, seed: int) -> None:
    rows = PACKET.empty(6400)
    rows.flow_id[:], rows.proto[:], rows.src_ip_lo[:] = 1, 6, np.arange(6400, dtype=np.uint64)
    counts = np.bincount(shares_of(rows, workers, seed), minlength=workers)
    assert counts.max() < 2 * 6400 / workers + 60


def test_what_an_error_quotes_goes_with_it_and_errors_with_their_flow() -> None:
    router, rows = 99, []
    for k in range(50):
        rows += [{"src_ip": k, "dst_ip": router, "proto": 6, "flow_id": 100 + k},
                 {"src_ip": router, "dst_ip": k, "proto": 1, "flow_id": 100 + k},
                 {"src_ip": k, "dst_ip": k + 7, "proto": 6, "status": int(Status.QUOTED), "flow_id": 500 + k}]
    shares = shares_of_packets(packets(*rows), 16, 1)
    assert shares[1::3].tolist() == shares[2::3].tolist()
    again = shares_of(packets(*[{"src_ip": 5, "dst_ip": 6, "proto": 1, "flow_id": 100 + k} for k in range(50)]), 16, 1)
    assert again.tolist() == shares[1::3].tolist()  # whoever sends it


def test_what_has_no_flow_belongs_to_the_first() -> None:
    rows = [{"flow_id": 0, "src_ip": k, "dst_ip": 3, "status": int(Status.ARP)} for k in range(40)]
    assert not shares_of(packets(*rows), 8, 77).any()
