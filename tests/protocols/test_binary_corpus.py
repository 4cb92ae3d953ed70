"""SMB, LDAP, Modbus, DNP3, Kerberos and DCE/RPC against the expected events of Suricata, Zeek's logs and Arkime."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from columns.protocols import fileinfo
from columns.protocols import krb5 as krb5_table
from columns.protocols.dnp3 import DNP3
from columns.protocols.ldap import LDAP
from columns.protocols.modbus import MODBUS
from columns.protocols.smb import SMB
from columns.schema import Table
from sensor.protocols import dcerpc, dnp3, krb5, ldap, modbus, smb
from tests.support.corpus import corpus
from tests.support.facts import Comparison, agrees, eve_events, eve_of, text, zeek_log
from tests.support.naive_streams import parse_capture

_WANTS = {"smb": smb.WANTS, "ldap": ldap.WANTS, "dnp3": dnp3.WANTS, "modbus": modbus.WANTS, "krb5": krb5.WANTS}
_TABLES: dict[str, Table] = {"smb": SMB, "ldap": LDAP, "dnp3": DNP3, "modbus": MODBUS}
_OF_A_CREATE = {f"smb.{name}": 0 for name in ("created", "accessed", "modified", "changed", "size")}

_CASES = [
    ("options/smb2-03-rule", "smb", 1), ("events/smb2-02", "smb", 1), ("events/smb1-01", "smb", 0),
    ("events/smb2-04", "smb", 1), ("events/smb2-async", "smb", 0), ("events/smb2-delete", "smb", 0),
    ("events/smb2-ntlmssp-negotiateflags", "smb", 0), ("events/bug-8629-async-oneside", "smb", 0),
    ("mixed/dcerpc-smb-fail", "smb", 0), ("mixed/bug-5162", "smb", 0),
    *[(f"events/ldap-{name}", "ldap", 0) for name in ("add", "bind", "delete", "extended", "modify-dn", "starttls",
                                                       "udp")],
    *[(f"events/dnp3__dnp3-{name}", "dnp3", 0) for name in ("del-measure", "file-del", "file-write",
                                                             "select-operate")],
    *[(f"mixed/bug-8278-krb5-0{n}", "krb5", 0) for n in (1, 2, 3)], ("settings/modbus", "modbus", 0),
]
"""Case, type of event, and how many of its filters differ, see docs/protocols."""


def event_of(kind: str, row: dict[str, Any]) -> dict[str, Any]:
    if kind == "krb5":
        return {"event_type": kind, "krb5": krb5_table.eve_object(row)}
    return eve_of(_TABLES[kind], row)


def wanted(match: dict[str, Any]) -> dict[str, Any]:
    """A filter without the packet, which Suricata takes from the acknowledgement, and zeros, which are left out."""
    return {k: v for k, v in match.items() if k != "pcap_cnt" and not (_OF_A_CREATE.get(k) == v and v == 0)}


@pytest.mark.parametrize(("case", "kind", "differing"), _CASES)
def test_suricata_expects_the_same_events(case: str, kind: str, differing: int) -> None:
    folder = corpus("suricata-verify", *case.split("/"))
    events = [event_of(kind, row) for row in parse_capture(folder / "input.pcap", _WANTS[kind]).get(kind, [])]
    filters = list(eve_events(folder, kind))
    off = [m for m, count in filters if sum(agrees(e, wanted(m)) for e in events) != count]
    assert filters
    assert len(off) == differing, off


@pytest.mark.parametrize(("case", "name", "size"), [
    ("smb1-01", "Test\\2009-12 Payroll.xlsx", 25940), ("smb2-02", "WP_SMBPlugin.pdf", 1508939)])
def test_suricata_expects_the_same_files(case: str, name: str, size: int) -> None:
    files = parse_capture(corpus("suricata-verify", "events", case, "input.pcap"), smb.WANTS)["fileinfo"]
    shown = [fileinfo.eve_object(row) for row in files]
    assert [(f["filename"], f["size"], f["state"], f["gaps"]) for f in shown] == [(name, size, "CLOSED", False)]
    assert json.loads(files[0]["smb"])["filename"] == name


@pytest.mark.parametrize("name", ["dce-gap-handling", "dcerpc-udp-scapy"])
def test_dcerpc_is_recognised(name: str) -> None:
    capture = corpus("suricata-verify", "events", f"dcerpc__{name}", "input.pcap")
    assert {f["app_proto"] for f in parse_capture(capture, dcerpc.WANTS)["flows"]} == {"dcerpc"}


_ZEEK_OPERATIONS = {"bind simple": "bind_request", "bind SASL": "bind_request", "unbind": "unbind_request",
                    "extended": "extended_request", "modify": "modify_request"}
_UNREAD = {"modify-request": 2, "gap": 1}
"""Zeek's rows without their result here: the naive reassembly tells the answer before the request."""


def _logged(path: Path) -> list[dict[str, str]]:
    """Rows of a log, also of one that was cut down to a line of names and rows."""
    lines = [line.split("\t") for line in path.read_text().splitlines() if not line.startswith("#")]
    if lines and lines[0][0] == "ts":
        return [{n: v for n, v in zip(lines[0], line, strict=True) if v != "-"} for line in lines[1:]]
    return list(zeek_log(path))


def _captured(folder: Path) -> Path:
    return next(p for p in folder.iterdir() if ".pcap" in p.name)


@pytest.mark.parametrize("name", ["attributes", "diff_port", "sasl-encrypted", "sasl-ntlm", "sasl-scram-sha-512",
                                  "sasl-srp-who-am-i", "spnego-ntlmssp", "starttls", "modify-request", "gap"])
def test_zeek_has_the_same_ldap(name: str) -> None:
    folder = corpus("zeek", f"scripts__base__protocols__ldap__{name}")
    rows = parse_capture(_captured(folder), ldap.WANTS)["ldap"]
    by_id = {json.loads(r["request"])["message_id"]: r for r in rows if r.get("request")}
    compared, expected = Comparison(), _logged(folder / "ldap.log")
    for line in expected:
        row = by_id.get(int(line["message_id"]))
        got = None if row is None else (row["operation"], row.get("result"), text(row.get("object", "")))
        operation = _ZEEK_OPERATIONS[line["opcode"]]
        result = line["result"].replace(" ", "_").lower() if "result" in line else None
        about = line.get("object", "").removesuffix(" (StartTLS)")
        compared.fact(name, line["message_id"], (operation, result, about), got)
    assert expected
    assert len(compared.differences) <= _UNREAD.get(name, 0), compared.differences


@pytest.mark.parametrize("name", ["file_del", "read", "rec_time", "udp_en_spon", "udp_read"])
def test_zeek_has_the_same_dnp3(name: str) -> None:
    folder = corpus("zeek", f"scripts__base__protocols__dnp3__dnp3_{name}")
    rows = parse_capture(_captured(folder), dnp3.WANTS)["dnp3"]
    ours = Counter((r.get("answers"), r["function"], str(r["iin"])) for r in rows if r["type"] == "response")
    zeek = Counter((z.get("fc_request"), z["fc_reply"], z["iin"]) for z in zeek_log(folder / "dnp3.log"))
    assert ours == zeek


def _known(rows: list[dict[str, Any]], *columns: str) -> set[str]:
    return {text(r[c]) for r in rows for c in columns if r.get(c)}


@pytest.mark.parametrize("name", ["smb-smb1-ascii", "smbtorture-ntlmssp", "wireshark-smb-on-windows10"])
def test_arkime_has_the_same_smb(name: str) -> None:
    told = [s["body"]["smb"] for s in json.loads(corpus("arkime", f"{name}.test").read_text())["sessions3"]
            if s["body"].get("smb")]
    rows = parse_capture(corpus("arkime", f"{name}.pcap"), smb.WANTS)["smb"]
    for field, columns in (("domain", ("ntlmssp_domain",)), ("user", ("ntlmssp_user",)), ("host", ("ntlmssp_host",)),
                           ("share", ("share", "named_pipe")), ("filename", ("filename",))):
        expected = {value for one in told for value in one.get(field, [])}
        got = {value.lstrip("\\") for value in _known(rows, *columns)}
        assert {value.lstrip("\\") for value in expected} <= got, field


@pytest.mark.parametrize("part", range(4))
def test_industrial_captures_do_not_upset_any_parser(part: int) -> None:
    captures = sorted(p for p in corpus("ics").iterdir() if p.is_file() and p.stat().st_size < 200_000)
    wants = [w for some in (*_WANTS.values(), dcerpc.WANTS) for w in some]
    for capture in captures[part::4]:
        parse_capture(capture, wants)
