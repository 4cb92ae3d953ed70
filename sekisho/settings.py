"""Every setting of the product in one object: one section per package, each a frozen dataclass of that package."""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields, is_dataclass, replace
from functools import cache
from importlib import import_module
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, Literal

from columns.errors import ConfigError

if TYPE_CHECKING:
    from columns.app import AppProto
    from columns.eve_settings import EveSettings
    from detectors.chain import ChainSettings
    from detectors.findings import FindingSettings
    from detectors.flood import FloodSettings
    from detectors.leaks.settings import LeakSettings
    from detectors.mynumber import MyNumberSettings
    from detectors.scan import ScanSettings
    from detectors.signatures.engine.settings import SignatureSettings
    from detectors.signatures.settings import RulesSettings
    from detectors.switches import DetectorSettings
    from sensor.decode import DecodeSettings
    from sensor.flow import FlowSettings
    from sensor.protocols import ProtocolSettings
    from sensor.protocols.bittorrent_dht import BittorrentDhtSettings
    from sensor.protocols.dcerpc import DcerpcSettings
    from sensor.protocols.dnp3.parser import Dnp3Settings
    from sensor.protocols.dns import DnsSettings
    from sensor.protocols.files import FileSettings
    from sensor.protocols.ftp import FtpSettings
    from sensor.protocols.http import HttpSettings
    from sensor.protocols.irc import IrcSettings
    from sensor.protocols.krb5 import Krb5Settings
    from sensor.protocols.ldap.settings import LdapSettings
    from sensor.protocols.mime.message import MimeSettings
    from sensor.protocols.modbus import ModbusSettings
    from sensor.protocols.mqtt import MqttSettings
    from sensor.protocols.packet_rows import PacketRowSettings
    from sensor.protocols.pgsql import PgsqlSettings
    from sensor.protocols.pop3 import Pop3Settings
    from sensor.protocols.quic import QuicSettings
    from sensor.protocols.rdp import RdpSettings
    from sensor.protocols.sip import SipSettings
    from sensor.protocols.smb.settings import SmbSettings
    from sensor.protocols.smtp import SmtpSettings
    from sensor.protocols.snmp import SnmpSettings
    from sensor.protocols.ssh import SshSettings
    from sensor.protocols.tls import TlsSettings
    from sensor.streams import StreamSettings
    from storage import SpoolSettings, StoreSettings
    from storage.retention import RetentionSettings


@dataclass(frozen=True)
class ReplaySettings:
    """How a replay runs. batch, site and zones never change what is found (the policy has a digest of its own)."""

    batch: int = field(default=65536, metadata={
        "unit": "frames", "range": (1, 1 << 20), "result": False,
        "meaning": "frames that go through the pipeline at once; it moves memory and speed, never a result"})
    sensor: str = field(default="local", metadata={
        "meaning": "name of the sensor, in the store and in EVE; if the policy has a sensor of this name, addresses "
        "that it does not expect are alerts"})
    site: str = field(default="main", metadata={
        "result": False,
        "meaning": "name of the site in the store: the place whose sensors see the same networks"})
    payload: Literal["auto", "on", "off"] = field(default="auto", metadata={
        "meaning": "put streams in order and look into what is said; auto: where it is kept, in a store or EVE"})
    workers: int = field(default=0, metadata={
        "unit": "processes", "range": (0, 64), "result": False,
        "meaning": "processes that look into what is said, each into its share; 1: none beside the replay's own; 0: "
        "one for each core that it may use, where the captures are files of 32 MB together or more"})
    zones: str = field(default="", metadata={
        "result": False,
        "meaning": "zone policy (or the folder of its editions), relative to this file; without one, zones are not "
        "judged"})
    home_net: tuple[str, ...] = field(default=(), metadata={
        "meaning": "networks of our own (CIDR); without a zone policy, flows are labelled home and external by them"})

    def __post_init__(self) -> None:
        for text in self.home_net:
            try:
                ip_network(text)
            except ValueError as error:
                raise ConfigError(f"home_net: {error}", expected="networks such as 10.0.0.0/8",
                                  remedy="set the host bits to zero") from None


SECTIONS: dict[str, str] = {
    "replay": "sekisho.settings:ReplaySettings",
    "store": "storage:StoreSettings",
    "spool": "storage:SpoolSettings",
    "retention": "storage.retention:RetentionSettings",
    "eve": "columns.eve_settings:EveSettings",
    "decode": "sensor.decode:DecodeSettings",
    "flow": "sensor.flow:FlowSettings",
    "streams": "sensor.streams:StreamSettings",
    "protocols": "sensor.protocols:ProtocolSettings",
    "dns": "sensor.protocols.dns:DnsSettings",
    "tls": "sensor.protocols.tls:TlsSettings",
    "quic": "sensor.protocols.quic:QuicSettings",
    "http": "sensor.protocols.http:HttpSettings",
    "files": "sensor.protocols.files:FileSettings",
    "smtp": "sensor.protocols.smtp:SmtpSettings",
    "mime": "sensor.protocols.mime.message:MimeSettings",
    "ssh": "sensor.protocols.ssh:SshSettings",
    "rdp": "sensor.protocols.rdp:RdpSettings",
    "ftp": "sensor.protocols.ftp:FtpSettings",
    "sip": "sensor.protocols.sip:SipSettings",
    "irc": "sensor.protocols.irc:IrcSettings",
    "snmp": "sensor.protocols.snmp:SnmpSettings",
    "smb": "sensor.protocols.smb.settings:SmbSettings",
    "ldap": "sensor.protocols.ldap.settings:LdapSettings",
    "krb5": "sensor.protocols.krb5:Krb5Settings",
    "modbus": "sensor.protocols.modbus:ModbusSettings",
    "dnp3": "sensor.protocols.dnp3.parser:Dnp3Settings",
    "mqtt": "sensor.protocols.mqtt:MqttSettings",
    "dcerpc": "sensor.protocols.dcerpc:DcerpcSettings",
    "pgsql": "sensor.protocols.pgsql:PgsqlSettings",
    "pop3": "sensor.protocols.pop3:Pop3Settings",
    "bittorrent_dht": "sensor.protocols.bittorrent_dht:BittorrentDhtSettings",
    "packets": "sensor.protocols.packet_rows:PacketRowSettings",
    "rules": "detectors.signatures.settings:RulesSettings",
    "detectors": "detectors.switches:DetectorSettings",
    "findings": "detectors.findings:FindingSettings",
    "scan": "detectors.scan:ScanSettings",
    "flood": "detectors.flood:FloodSettings",
    "signatures": "detectors.signatures.engine.settings:SignatureSettings",
    "leaks": "detectors.leaks.settings:LeakSettings",
    "mynumber": "detectors.mynumber.settings:MyNumberSettings",
    "chain": "detectors.chain:ChainSettings",
}
"""Section of the configuration file -> the class that holds its fields, their defaults, units and ranges."""


@cache
def section_class(section: str) -> type:
    """Return the settings class of a section; imported only now, because some bring numba with them."""
    module, _, name = SECTIONS[section].partition(":")
    return getattr(import_module(module), name)


@dataclass(frozen=True)
class Settings:
    """The effective settings: one attribute per section of the configuration file."""

    replay: ReplaySettings
    store: StoreSettings
    spool: SpoolSettings
    retention: RetentionSettings
    eve: EveSettings
    decode: DecodeSettings
    flow: FlowSettings
    streams: StreamSettings
    protocols: ProtocolSettings
    dns: DnsSettings
    tls: TlsSettings
    quic: QuicSettings
    http: HttpSettings
    files: FileSettings
    smtp: SmtpSettings
    mime: MimeSettings
    ssh: SshSettings
    rdp: RdpSettings
    ftp: FtpSettings
    sip: SipSettings
    irc: IrcSettings
    snmp: SnmpSettings
    smb: SmbSettings
    ldap: LdapSettings
    krb5: Krb5Settings
    modbus: ModbusSettings
    dnp3: Dnp3Settings
    mqtt: MqttSettings
    dcerpc: DcerpcSettings
    pgsql: PgsqlSettings
    pop3: Pop3Settings
    bittorrent_dht: BittorrentDhtSettings
    packets: PacketRowSettings
    rules: RulesSettings
    detectors: DetectorSettings
    findings: FindingSettings
    scan: ScanSettings
    flood: FloodSettings
    signatures: SignatureSettings
    leaks: LeakSettings
    mynumber: MyNumberSettings
    chain: ChainSettings

    def section(self, name: str) -> Any:
        """Return the settings of one section."""
        return getattr(self, name)

    def with_section(self, name: str, value: Any) -> Settings:
        """Return a copy with one section replaced."""
        return replace(self, **{name: value})


def default_settings() -> Settings:
    """Return every setting at its default."""
    return Settings(**{name: section_class(name)() for name in SECTIONS})


def plain_fields(section: Any) -> list[Field[Any]]:
    """Return the fields of a settings class or object that are values, not settings of something else."""
    return [f for f in fields(section) if not is_dataclass(f.default_factory)]


def result_fields(section: Any) -> dict[str, Any]:
    """Return the fields of a section that can change what is found, by name."""
    return {f.name: getattr(section, f.name) for f in plain_fields(section) if f.metadata.get("result", True)}


def parser_settings(settings: Settings) -> dict[AppProto, Any]:
    """Return the settings of each protocol's parser; those of files and mail parts are put into those that use them."""
    from sensor.protocols import SETTINGS

    found: dict[AppProto, Any] = {}
    for app_proto, name in SETTINGS.items():
        own = settings.section(name)
        inner = {f.name: settings.section(f.name) for f in fields(own) if is_dataclass(f.default_factory)}
        found[app_proto] = replace(own, **inner) if inner else own
    return found
