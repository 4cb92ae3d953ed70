"""zones try judges anew what was said in stored flows, and zones learn tells the hours of what it proposes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from columns import FLOW
from columns.address import address_int
from columns.app import AppProto
from columns.codes import Certainty, EndReason, Outcome, Verdict
from columns.protocols.fileinfo import FILEINFO
from columns.protocols.http import HTTP
from columns.protocols.rdp import RDP
from columns.protocols.smtp import SMTP
from columns.protocols.tls import TLS
from storage import Run, RunSummary, open_store
from tests.support.policies import policy_file
from zones import EXAMPLE, load_policy

POLICY = load_policy(EXAMPLE)
ZONE, CONDUIT = POLICY.zone_names.index, POLICY.conduit_names.index
MONDAY_NS = 1_780_844_400_000_000_000
"""2026-06-08 00:00 in Japan, a Monday."""
HOUR = 3600 * 10**9
MAIL, FILES, DESKTOP = ("10.25.0.25", "10.20.1.25"), ("10.20.3.10", "192.0.2.40"), ("10.20.1.44", "10.30.8.11")


def flow(number: int, ends: tuple[str, str], zones: tuple[str, str], port: int, app: AppProto, conduit: str,
         verdict: Verdict = Verdict.PERMITTED, hour: float = 34, **more: Any) -> dict[str, Any]:
    """One stored flow; hour counts from that Monday."""
    start = MONDAY_NS + int(hour * HOUR)
    return {"flow_id": number, "ts_start_ns": start, "ts_end_ns": start + 10**9, "proto": 6, "src_port": 40_000,
            "dst_port": port, "src_ip": address_int(ends[0]), "dst_ip": address_int(ends[1]),
            "src_zone": ZONE(zones[0]), "dst_zone": ZONE(zones[1]), "verdict": int(verdict),
            "conduit": CONDUIT(conduit) if conduit else 0, "outcome": int(Outcome.ESTABLISHED),
            "direction_certainty": int(Certainty.SYN_SEEN), "app_proto": int(app),
            "bytes_toserver": 1000, "bytes_toclient": 2000, "end_reason": int(EndReason.TCP_FIN), **more}


def told(number: int, **columns: Any) -> dict[str, Any]:
    """A transaction of a flow."""
    return {"flow_id": number, "ts_ns": MONDAY_NS + 34 * HOUR, "proto": 6, **columns}


MAILS = ("sanitizer", "lgwan")
FLOWS = [
    flow(1, MAIL, MAILS, 25, AppProto.SMTP, "C05"), flow(2, MAIL, MAILS, 25, AppProto.SMTP, "C05", Verdict.UNSANITIZED),
    flow(3, MAIL, MAILS, 25, AppProto.SMTP, "C05", Verdict.UNSANITIZED),
    flow(4, MAIL, MAILS, 25, AppProto.SMTP, "C05", Verdict.UNSANITIZED),  # of which nothing is stored
    flow(5, FILES, ("lgwan", "internet"), 443, AppProto.TLS, "C14"),
    flow(6, FILES, ("lgwan", "internet"), 443, AppProto.HTTP, "C14"),
    flow(7, DESKTOP, ("lgwan", "inet"), 3389, AppProto.TLS, "C01"),
    flow(8, DESKTOP, ("lgwan", "inet"), 3389, AppProto.TLS, "C01", Verdict.WRONG_APP),
    *[flow(100 + day * 4 + k, ("10.20.1.44", "100.64.9.9"), ("lgwan", "lgwan_net"), 8443, AppProto.TLS, "",
           Verdict.NO_CONDUIT, 24 * (day + day // 5 * 2) + 9 + 2 * k) for day in range(12) for k in range(4)],
    *[flow(200 + day, ("10.20.1.44", "100.64.9.9"), ("lgwan", "lgwan_net"), 9443, AppProto.TLS, "", Verdict.NO_CONDUIT,
           24 * day + day % 24) for day in range(30)],
]
SAID = {
    SMTP: [told(1, content_type="text/plain; charset=utf-8"), told(2, content_type="text/html"),
           told(3, content_type='multipart/mixed; boundary="x1"', attachment='["名簿.zip"]')],
    FILEINFO: [told(3, file_type="zip", mime_type="application/zip", app_proto="smtp", hints='["encrypted"]'),
               told(5, file_type="pdf", mime_type="application/pdf", app_proto="http")],
    TLS: [told(5, sni="a.cloud.example", hellos_seen="both"), told(7, hellos_seen="both", from_proto="rdp"),
          told(8, hellos_seen="both")],
    HTTP: [told(6, hostname="a.cloud.example"), told(6, hostname="b.elsewhere.example")],
    RDP: [told(7, channels='["rdpdr", "rdpsnd"]')],
}


@pytest.fixture(scope="session")
def said_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with flows, and what was said in them."""
    folder = tmp_path_factory.mktemp("said") / "store"
    words = {"zone": POLICY.zone_names, "conduit": POLICY.conduit_names}
    with open_store(folder) as store:
        store.begin_run(Run("r-1", captures=("a.pcap",)))
        store.insert(FLOW, FLOW.from_rows(FLOWS), vocabularies=words)
        for table, rows in SAID.items():
            store.insert(table, table.from_rows(rows), vocabularies=words)
        store.finish_run(RunSummary())
    return folder


@pytest.fixture
def tried(cli, said_store: Path, tmp_path: Path):
    """Return a function that tries the example policy with changed conduits."""

    def call(**conduits: dict[str, Any]) -> dict[str, Any]:
        document = tomllib.loads(EXAMPLE.read_text("utf-8"))
        for name, change in conduits.items():
            document["conduit"][name] = {k: v for k, v in (document["conduit"][name] | change).items() if v is not None}
        answer = cli("zones", "try", policy_file(tmp_path, document), "--store", said_store, "--json")
        assert answer.code == 0, answer.err
        ran = answer.json
        ran["flips"] = {(f["before"], f["after"], f["conduit_after"]): f for f in ran["flips"]}
        return ran

    return call


def test_contents_are_judged_as_they_were(tried) -> None:
    ran = tried()
    assert ("permitted", "unsanitized", "C05") not in ran["flips"]
    assert ("unsanitized", "permitted", "C05") not in ran["flips"]
    assert ran["kept"] == 1, "the flow of which nothing is stored"


def test_what_is_no_longer_forbidden_is_permitted(tried) -> None:
    flips = tried(C05={"forbid": ["attachment"], "sanitization": "file-cdr"})["flips"]
    assert flips["unsanitized", "permitted", "C05"]["rows"] == 1, "HTML; the encrypted archive stays forbidden"


def test_what_is_now_forbidden_is_told_with_an_example(tried) -> None:
    flips = tried(C14={"forbid": ["pdf"]}, C01={"forbid": ["drive"]})["flips"]
    assert flips["permitted", "unsanitized", "C14"]["rows"] == 1
    assert " pdf (flow 5," in flips["permitted", "unsanitized", "C14"]["examples"][0]
    assert flips["permitted", "unsanitized", "C14"]["alarms"]


def test_every_name_of_a_flow_is_judged(tried) -> None:
    flips = tried(C14={"app": ["http", "tls"]})["flips"]
    assert flips["permitted", "wrong_app", "C14"]["rows"] == 1
    assert "b.elsewhere.example" in flips["permitted", "wrong_app", "C14"]["examples"][0]
    assert ("permitted", "wrong_app", "C14") not in tried(
        C14={"app": ["http", "tls"], "sni": ["*.cloud.example", "*.elsewhere.example"], "tenant": None})["flips"]


def test_tls_that_no_desktop_began_stays_another_application(tried) -> None:
    flips = tried()["flips"]
    assert ("wrong_app", "permitted", "C01") not in flips
    assert tried(C01={"app": ["rdp", "tls"]})["flips"]["wrong_app", "permitted", "C01"]["rows"] == 1


def test_hours_are_proposed_where_support_is_clear(cli, said_store: Path) -> None:
    text = cli("zones", "learn", EXAMPLE, "--store", said_store).out
    proposed = {c["services"][0]: c for c in tomllib.loads(text)["conduit"].values()}
    assert proposed["learned-tcp-8443"]["hours"] == ["Mon-Fri 09:00-16:00"]
    assert "hours" not in proposed["learned-tcp-9443"], "flows at any hour"
    assert "HOURS (時間帯)" in text
    assert {(c["owner"], c["justification"]) for c in proposed.values()} == {("", "")}, "nothing is let through"
    plain = cli("zones", "learn", EXAMPLE, "--store", said_store, "--json").json["proposals"]
    assert {tuple(p["hours"]) for p in plain} == {("Mon-Fri 09:00-16:00",), ()}
