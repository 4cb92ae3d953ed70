"""A suricata.yaml taken over: each key moves its setting, values out of range are said, the rest is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from columns.errors import ConfigError
from sekisho.config import load_settings
from sekisho.settings import default_settings
from sekisho.suricata import keys as k
from sekisho.suricata.taking import TakenOver, take_over

_SAMPLES = ("drop, pass, reject, alert", "yes", "no", "7", "123kb", "64mb", "pass-flow", "overwrite", "forward",
            "X-Client", "md5", "file.config", "2")


def taken(folder: Path, text: str, *changes: str) -> TakenOver:
    path = folder / "suricata.yaml"
    path.write_text("%YAML 1.1\n---\n" + text)
    return take_over(default_settings(), path, changes)


def eve(options: str) -> str:
    return f"outputs: [{{eve-log: {{enabled: yes, {options}}}}}]"


def _documents(key: k.Key, sample: str) -> str:
    """Return a suricata.yaml that holds one key."""
    for name, keys in k.TYPE_KEYS.items():
        if key in keys:
            return eve(f"types: [{{{name}: {_nested(key.path, sample, on=True)}}}]")
    if key in k.EVE_KEYS:
        return eve(_nested(key.path, sample, on=True)[1:-1])
    return _nested(key.path, sample)[1:-1]


def _nested(path: str, sample: str, *, on: bool = False) -> str:
    head, _, rest = path.partition(".")
    switch = ", enabled: yes" if on and head == "xff" else ""
    inner = _nested(rest, sample) if rest else f'"{sample}"'
    return f"{{{head}: {inner[:-1] + switch + '}' if switch else inner}}}"


@pytest.mark.parametrize("key", [*k.KEYS, *k.EVE_KEYS, *(key for keys in k.TYPE_KEYS.values() for key in keys)],
                         ids=lambda key: f"{key.path}-{key.section}")
def test_every_key_moves_its_setting(tmp_path, key):
    (tmp_path / "file.config").write_text("")
    before = getattr(default_settings().section(key.section), key.name)
    for sample in _SAMPLES:
        try:
            found = taken(tmp_path, _documents(key, sample))
        except ConfigError:
            continue
        if getattr(found.settings.section(key.section), key.name) != before:
            assert any(name.endswith(key.path) for name in found.taken)
            assert not any(name.endswith(key.path) for name in found.untaken)
            return
    pytest.fail("no value moves it")


def test_variables_and_files_beside_it(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.rules").write_text("")
    found = taken(tmp_path, """
vars:
  address-groups: {HOME_NET: "[192.0.2.0/24]", MINE: [10.0.0.1, 10.0.0.2]}
  port-groups: {FTP_PORTS: 21}
default-rule-path: rules
rule-files: [a.rules, b.rules]
threshold-file: threshold.config
""")
    assert found.settings.rules.vars == {"HOME_NET": "[192.0.2.0/24]", "MINE": "[10.0.0.1,10.0.0.2]", "FTP_PORTS": "21"}
    assert found.settings.rules.files == (str(tmp_path / "rules" / "a.rules"),)
    assert found.settings.rules.threshold == ""
    assert [r for r in found.remarks if "b.rules" in r and "threshold" not in r]
    assert [r for r in found.remarks if "threshold.config, which is not there" in r]


def test_protocols_are_off_or_only_recognised(tmp_path):
    found = taken(tmp_path, "app-layer: {protocols: {snmp: {enabled: detection-only}, ftp: {enabled: no}, "
                            "tls: {enabled: yes}, nfs: {enabled: yes}}}").settings.protocols
    assert (found.off, found.recognised_only) == (("ftp", "ftp_data"), ("snmp",))


def test_types_of_events_and_their_options(tmp_path):
    found = taken(tmp_path, eve("""filename: eve.json, community-id: yes, community-id-seed: 7, types: [
        alert: {payload: yes, metadata: {rule: {reference: yes}}, xff: {enabled: no, mode: overwrite}},
        dns: {version: 2, types: [a, mx]}, files: {force-hash: [md5]}, flow, netflow, http: {enabled: no},
        anomaly: {types: {applayer: no, stream: yes}}]"""))
    got = found.settings.eve
    assert got.events == ("alert", "dns", "fileinfo", "flow", "netflow", "anomaly")
    assert (got.dns_version, got.dns_types, got.community_id_seed, got.anomalies) == (2, ("a", "mx"), 7, ("stream",))
    assert (got.references, got.ipv6_full, found.settings.signatures.payload) == (True, True, True)
    assert (found.settings.signatures.xff, found.settings.files.hashes) == ("off", ("md5",))
    assert "outputs.eve-log.types.alert.xff.mode" in found.untaken


def test_outputs_that_are_off_do_not_count_and_passwords_are_kept_only_if_an_mqtt_output_is(tmp_path):
    off = taken(tmp_path, "outputs: [{eve-log: {enabled: no, types: [mqtt]}}, {file-store: {enabled: yes}}]")
    assert off.settings.eve.events == ()
    assert not off.settings.mqtt.passwords
    assert off.settings.files.hashes == ("sha256",)
    assert taken(tmp_path, eve("types: [mqtt]")).settings.mqtt.passwords
    assert not taken(tmp_path, eve("types: [mqtt: {passwords: no}]")).settings.mqtt.passwords


def test_what_is_out_of_range_is_said_and_what_is_no_value_is_refused(tmp_path):
    found = taken(tmp_path, "flow-timeouts: {tcp: {established: 999999}}\nstream: {reassembly: {depth: 0}}")
    assert found.settings.flow.tcp_timeout_s == 3600
    assert [r for r in found.remarks if "999,999" in r and "3,600" in r]
    assert found.settings.streams.depth_kib == 1 << 22
    assert len(found.remarks) == 1
    for text in ("stream: {midstream: perhaps}", "packet-alert-max: many", "action-order: [pass, drop]",
                 "defrag: {memcap: big}"):
        with pytest.raises(ConfigError) as raised:
            taken(tmp_path, text)
        assert "suricata.yaml" in raised.value.where


def test_the_rest_is_named_once_and_notes_are_short(tmp_path):
    found = taken(tmp_path, "af-packet: [{interface: a, threads: 1}, {interface: b}]\n"
                  + "".join(f"key{n}: 1\n" for n in range(20)) + "stream: {midstream: yes}")
    assert found.untaken == ["af-packet.interface", "af-packet.threads", *sorted(f"key{n}" for n in range(20))]
    assert found.taken == ["stream.midstream"]
    assert "1 keys are taken over, 22 have no counterpart: af-packet.interface" in found.notes()[-1]
    assert "14 more" in found.notes()[-1]
    assert found.notes(everything=True)[-1].endswith("key9")
    assert set(found.as_json()) == {"file", "taken_over", "without_counterpart", "remarks"}


def test_the_configuration_names_one_and_goes_before_it(tmp_path):
    (tmp_path / "suricata.yaml").write_text(
        "stream: {midstream: yes, reassembly: {depth: 64kb}}\nvars: {address-groups: {HOME_NET: '[192.0.2.0/24]'}}")
    (tmp_path / "s.toml").write_text('[rules]\nsuricata_yaml = "suricata.yaml"\n[streams]\ndepth_kib = 9\n')
    got = load_settings(tmp_path / "s.toml")
    assert (got.streams.midstream, got.streams.depth_kib) == (True, 9)
    assert got.rules.vars == {"HOME_NET": "[192.0.2.0/24]"}
    assert got.rules.suricata_yaml == str(tmp_path / "suricata.yaml")


def test_without_a_file_there_are_the_changes_alone():
    found = take_over(default_settings(), None, ["stream.midstream=true", "app-layer.protocols.snmp.enabled=no"])
    assert found.settings.streams.midstream
    assert found.settings.protocols.off == ("snmp",)


def test_how_hosts_take_overlaps_is_taken_over_by_host(tmp_path):
    found = taken(tmp_path, """host-os-policy:
  windows: [0.0.0.0/0]
  linux: [10.0.0.7, "2001:db8::/32"]
  vista: 192.0.2.0/24
  old-solaris: [10.0.0.7, nowhere]
  beos: [192.0.2.9]
""")
    streams = found.settings.streams
    assert streams.overlap_bsd == ("0.0.0.0/0",)
    assert streams.overlap_linux == ("10.0.0.7/32", "2001:db8::/32")
    assert (streams.overlap_first, streams.overlap_solaris) == (("192.0.2.0/24",), ())
    assert any("nowhere" in remark for remark in found.remarks)
    assert [name for name in found.untaken if name.startswith("host-os-policy")] == ["host-os-policy.beos"]
