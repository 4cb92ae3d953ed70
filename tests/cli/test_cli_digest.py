"""The digest of results: the same for the same rows in any order and any batches, another for anything else."""

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import ALERT, FLOW, slice_rows, take_rows
from columns.protocols.dns import DNS
from sekisho.digest import ResultDigest

PROVENANCE = ("policy_digest", "config_digest", "ruleset_digest")


def some_flows(rows, seed=1):
    random = np.random.default_rng(seed)
    return FLOW.batch(*[random.integers(0, 250, rows).astype(a.dtype) for a in FLOW.empty(1)])


def some_alerts(rows):
    return ALERT.from_rows([
        {"alert_id": i, "revision": 1, "severity": 2, "detector": "scan", "why": f"{i} targets", "measured": i / 3}
        for i in range(rows)
    ])


def digest_of(flows=(), alerts=()):
    digest = ResultDigest()
    for batch in flows:
        digest.add_flows(batch)
    for batch in alerts:
        digest.add_alerts(batch)
    return digest.hexdigest()


@given(rows=st.integers(0, 60), cuts=st.lists(st.integers(0, 60), max_size=5), seed=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_order_and_batches_do_not_matter(rows, cuts, seed):
    flows, alerts = some_flows(rows), some_alerts(rows)
    order = np.random.default_rng(seed).permutation(rows)
    places = [0, *sorted(min(c, rows) for c in cuts), rows]
    pieces = list(pairwise(places))
    assert digest_of([flows], [alerts]) == digest_of(
        [slice_rows(take_rows(flows, order), a, b) for a, b in pieces],
        [slice_rows(take_rows(alerts, order), a, b) for a, b in pieces])


def test_more_rows_than_fit_at_once_are_all_counted():
    flows = some_flows(9001)
    whole = digest_of([flows])
    assert whole == digest_of([slice_rows(flows, 0, 4095), slice_rows(flows, 4095, 9001)])
    assert whole != digest_of([slice_rows(flows, 0, 9000)])


def test_what_only_a_look_into_the_payload_shows_is_no_part_of_the_flows():
    flows, more = some_flows(3), some_flows(3)
    more.app_proto[1] += 1
    assert digest_of([flows]) == digest_of([more])


@pytest.mark.parametrize("column", [c for c in FLOW.columns if c.clickhouse and c.name != "app_proto"],
                         ids=lambda c: c.name)
def test_every_stored_flow_column_counts(column):
    flows = some_flows(3)
    before = digest_of([flows])
    for name in column.fields:
        getattr(flows, name)[1] += 1
        assert digest_of([flows]) != before
        getattr(flows, name)[1] -= 1
    assert digest_of([flows]) == before


@pytest.mark.parametrize("column", [c for c in ALERT.columns if c.clickhouse and c.name not in PROVENANCE],
                         ids=lambda c: c.name)
def test_every_stored_alert_column_counts(column):
    changed = {"text": "x", "json": "[1]", "ip": 7}.get(column.dtype, 3)
    assert digest_of(alerts=[ALERT.from_rows([{column.name: changed}])]) != digest_of(alerts=[ALERT.from_rows([{}])])


@pytest.mark.parametrize("name", PROVENANCE)
def test_what_a_result_was_made_under_does_not_count(name):
    assert digest_of(alerts=[ALERT.from_rows([{name: "f00d"}])]) == digest_of(alerts=[ALERT.from_rows([{}])])


def test_two_equal_rows_are_not_none_and_not_one():
    flows = some_flows(1)
    assert len({digest_of(), digest_of([flows]), digest_of([flows, flows])}) == 3


def test_swapping_a_value_between_rows_or_columns_changes_it():
    flows = some_flows(2)
    flows.src_port[:], flows.dst_port[:] = (1, 2), (3, 4)
    before = digest_of([flows])
    flows.src_port[:] = (2, 1)
    rows_swapped = digest_of([flows])
    flows.src_port[:], flows.dst_port[:] = (3, 4), (1, 2)
    assert len({before, rows_swapped, digest_of([flows])}) == 3


def test_alerts_flows_and_transactions_each_have_their_third():
    alerts, flows = digest_of(alerts=[some_alerts(2)]).split("-"), digest_of([some_flows(2)]).split("-")
    both = digest_of([some_flows(2)], [some_alerts(2)])
    assert both == f"{alerts[0]}-{flows[1]}-{flows[2]}"


def test_transactions_count_by_table_in_any_order_and_batches():
    names = DNS.from_rows([{"flow_id": k, "rrname": f"host{k}.example", "answers": f'["{k}"]'} for k in range(5)])
    whole, parts, other = ResultDigest(), ResultDigest(), ResultDigest()
    whole.add_transactions(DNS, names)
    for a, b in ((3, 5), (0, 3)):
        parts.add_transactions(DNS, slice_rows(names, a, b))
    other.add_transactions(DNS, slice_rows(names, 0, 4))
    assert whole.hexdigest() == parts.hexdigest() != other.hexdigest()


def test_alert_texts_far_beyond_the_memory_for_them():
    alerts = [some_alerts(9000)]
    assert digest_of(alerts=alerts) == digest_of(alerts=[slice_rows(alerts[0], a, a + 3000) for a in (6000, 0, 3000)])


def test_same_digest_as_plain_python():
    source = ("import numpy as np\nfrom columns import FLOW\nfrom sekisho.digest import ResultDigest\n"
              "r = np.random.default_rng(1)\n"
              "f = FLOW.batch(*[r.integers(0, 250, 40).astype(a.dtype) for a in FLOW.empty(1)])\n"
              "d = ResultDigest()\nd.add_flows(f)\nprint(d.hexdigest())")
    plain = subprocess.run([sys.executable, "-W", "error", "-c", source], capture_output=True, text=True, check=True,
                           env=os.environ | {"NUMBA_DISABLE_JIT": "1"})
    assert plain.stdout.strip() == digest_of([some_flows(40)])


