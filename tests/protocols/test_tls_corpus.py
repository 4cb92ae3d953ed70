"""TLS against what others say of real captures; docs/protocols/tls.md has each difference with its reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from columns.protocols.tls import TLS
from sensor.protocols import quic, rdp, ssh, tls
from tests.support.corpus import corpus
from tests.support.facts import Comparison, agrees, either_way, ends, eve_events, eve_of, listed, text, zeek_log
from tests.support.naive_streams import parse_capture

WANTS = (*tls.WANTS, *ssh.WANTS, *rdp.WANTS, *quic.WANTS)
_ARKIME_VERSIONS = {"TLSv1": "TLSv1", "TLS 1.1": "TLSv1.1", "TLS 1.2": "TLSv1.2", "TLS 1.3": "TLSv1.3"}
_ARKIME_COLUMNS = {
    "ja3": "ja3_hash", "ja3string": "ja3_string", "ja3s": "ja3s_hash", "ja3sstring": "ja3s_string", "ja4": "ja4",
    "cipher": "cipher", "srcSessionId": "client_session_id", "dstSessionId": "server_session_id"}
_NOT_TLS_ON_TCP = {  # TLS inside other protocols, or over UDP: the parsers of those hand it over, or are to come
    "adb_synthetic", "cloudshark-dtls1", "https-connect", "ike-cert_synthetic", "opcua_synthetic", "openvpn_synthetic",
    "quicietf", "quicietfooo", "socks4-https", "wireshark-dtls12"}
_ELSEWHERE = {  # cases whose TLS begins inside FTP or LDAP
    "scripts__base__protocols__ftp__ftp-auth-tls", "scripts__base__protocols__ldap__starttls"}
_OTHER_CAUSES = {  # what the filters ask for is not the parser's: addresses as text, MAC, SYN data, engine failures
    "community-id-ipv6", "ethernet-eve", "tcp-fastopen-10-syn-data-ignore", "exception-policy-applayer-01",
    "exception-policy-stream-reassembly-memcap-03", "ldap-starttls"}


def rows_of(capture: Path) -> list[dict[str, Any]]:
    return parse_capture(capture, WANTS).get("tls", [])


def test_ja4_of_all_clients():
    seen = Comparison()
    for told in sorted(corpus("ja4").glob("*.json")):
        capture = told.parent / told.name.removesuffix(".json").split("__")[-1]
        rows = rows_of(capture)
        for one in json.loads(told.read_text()):
            if "JA4.1" in one:
                found = either_way(rows, ends(one["src"], one["srcport"], one["dst"], one["dstport"]))
                where = f"{capture.name}:{one['stream']}"
                seen.fact(where, "ja4", [one["JA4.1"]], [r.get("ja4") for r in found][:1])
                seen.fact(where, "sni", one.get("domain", ""), text(found[0].get("sni", "")) if found else None)
    assert seen.compared.total() >= 150
    assert not seen.differences


def test_the_fields_of_arkime():
    seen = Comparison()
    for told in sorted(corpus("arkime").glob("*.test")):
        if told.stem in _NOT_TLS_ON_TCP or not any(word in told.read_text() for word in ('"tls"', '"cert"')):
            continue
        rows = rows_of(told.with_suffix(".pcap"))
        for session in json.loads(told.read_text())["sessions3"]:
            _arkime(seen, told.stem, session["body"], rows)
    assert seen.compared.total() >= 190
    assert not seen.differences


def _arkime(seen: Comparison, stem: str, body: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    (src, dst), where = (body["source"], body["destination"]), f"{stem}:{body['source'].get('port')}"
    found = either_way(rows, ends(src["ip"], src.get("port", 0), dst["ip"], dst.get("port", 0)))
    said = body.get("tls", {})
    for name, column in _ARKIME_COLUMNS.items():
        if name in said:
            seen.fact(where, name, sorted(said[name]), sorted(r[column] for r in found if r.get(column)))
    if "version" in said:
        seen.fact(where, "version", said["version"], [_ARKIME_VERSIONS.get(r["version"], r["version"]) for r in found])
    chain = {c["sha1"]: c for r in found for c in listed(r.get("chain"))}
    for one in body.get("cert", []):
        ours = chain.get(one["hash"])
        seen.fact(where, "cert", True, ours is not None)
        if ours is None:
            continue
        seen.fact(where, "serial", one["serial"], ours["serial"].replace(":", "").lower())
        for name, column in (("notBefore", "notbefore"), ("notAfter", "notafter")):
            seen.fact(where, name, one[name], _epoch_ms(ours[column]))
        for name, column in (("subjectCN", "subject"), ("issuerCN", "issuerdn"), ("subjectON", "subject"),
                             ("issuerON", "issuerdn")):
            for value in one.get(name, []):
                attribute = "CN=" if name.endswith("CN") else "O="
                seen.fact(where, name, True, (attribute + value).lower() in ours[column].lower())


def _epoch_ms(moment: str) -> int:
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()) * 1000


def test_the_ssl_log_of_zeek():
    seen = Comparison()
    for log in sorted(corpus("zeek").glob("*/ssl.log")):
        if "quic" in log.parent.name or log.parent.name in _ELSEWHERE:
            continue
        rows = rows_of(next(p for p in log.parent.iterdir() if p.suffix in (".pcap", ".pcapng", ".trace")))
        for said in zeek_log(log):
            found = either_way(rows, ends(said["id.orig_h"], said["id.orig_p"], said["id.resp_h"], said["id.resp_p"]))
            _zeek(seen, log.parent.name, said, found[0])
    assert seen.compared.total() >= 14
    assert not seen.differences


def _zeek(seen: Comparison, where: str, said: dict[str, str], row: dict[str, Any]) -> None:
    seen.fact(where, "version", said["version"], row["version"].replace("TLS 1.", "TLSv1"))
    seen.fact(where, "cipher", said["cipher"], row["cipher"])
    seen.fact(where, "curve", said.get("curve", ""), row["named_group"])
    seen.fact(where, "server_name", said.get("server_name", ""), text(row["sni"]))
    seen.fact(where, "established", said["established"], "FT"[row["established"]])
    seen.fact(where, "resumed", said["resumed"], "FT"[bool(row["resumption"])])
    fingerprints = [c["sha256"] for c in listed(row.get("chain"))]
    seen.fact(where, "cert_chain_fps", said.get("cert_chain_fps", ""), ",".join(fingerprints))


def test_the_certificates_in_zeeks_x509_log():
    seen = Comparison()
    for log in sorted(corpus("zeek").glob("scripts*/x509.log")):
        rows = rows_of(next(p for p in log.parent.iterdir() if p.suffix in (".pcap", ".pcapng", ".trace")))
        chain = {c["sha256"]: c for r in rows for c in listed(r.get("chain"))}
        for said in zeek_log(log):
            ours = chain[said["fingerprint"]]
            where = log.parent.name
            seen.fact(where, "serial", said["certificate.serial"].zfill(2), _unsigned(ours["serial"]))
            for name, column in (("not_valid_before", "notbefore"), ("not_valid_after", "notafter")):
                seen.fact(where, name, int(float(said[f"certificate.{name}"])) * 1000, _epoch_ms(ours[column]))
            for name, column in (("subject", "subject"), ("issuer", "issuerdn")):
                expected = sorted(said[f"certificate.{name}"].replace("emailAddress=", "Email=").split(","))
                seen.fact(where, name, expected, sorted(ours[column].split(", ")))
    assert seen.compared.total() >= 35
    assert not seen.differences


def _unsigned(serial: str) -> str:
    """A serial number without the zero byte that only keeps it positive."""
    return serial.removeprefix("00:").replace(":", "")


def test_the_events_of_suricata_verify():
    seen = Comparison()
    for told in sorted(corpus("suricata-verify").glob("*/*/case.json")):
        filters = list(eve_events(told.parent, "tls"))
        if not filters or told.parent.name in _OTHER_CAUSES:
            continue
        capture = told.parent / (json.loads(told.read_text()).get("pcap") or "input.pcap")
        events = [eve_of(TLS, r) for r in rows_of(capture)]
        for match, number in filters:
            seen.fact(told.parent.name, str(match), number, sum(agrees(event, match) for event in events))
    assert seen.compared.total() >= 23
    assert not seen.differences


def test_malformed_captures_raise_nothing():
    for capture in sorted(corpus("malformed").rglob("*.pcap")):
        parse_capture(capture, WANTS)
