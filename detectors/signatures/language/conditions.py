"""What a rule asks beside the contents of buffers: of packet, flow, transaction, file, or its own state.

Every class has ``scope``: packet, flow, transaction, file or state. A state condition whose ``effect`` is true changes
something when everything else has matched, and holds by itself.
"""

from __future__ import annotations

from detectors.signatures.language.flow_conditions import (
    AppCount,
    AppInteger,
    AppLayerEvent,
    AppLayerProtocol,
    AppLayerState,
    AppWords,
    DceIface,
    DceOpnum,
    FileHash,
    FileSize,
    Flow,
    FlowAge,
    FlowCount,
    FlowElephant,
    FtpBounce,
    ModbusRequest,
    StreamSize,
    UriLen,
)
from detectors.signatures.language.packet_conditions import (
    Ack,
    Checksum,
    DSize,
    Event,
    Flags,
    FragBits,
    FragOffset,
    GeoIp,
    IcmpId,
    IcmpSeq,
    Icmpv6Mtu,
    Icode,
    IpId,
    IpOpts,
    IpProto,
    IPRep,
    Itype,
    L3Proto,
    Rpc,
    SameIp,
    Seq,
    TcpMss,
    Tos,
    Ttl,
    VlanId,
    VlanLayers,
    Window,
)
from detectors.signatures.language.state_conditions import (
    DetectionFilter,
    FlowBits,
    FlowInt,
    FlowVar,
    HostBits,
    Stored,
    Tag,
    Threshold,
    XBits,
)

__all__ = [
    "Ack", "AppCount", "AppInteger", "AppLayerEvent", "AppLayerProtocol", "AppLayerState", "AppWords",
    "Checksum", "Condition", "DSize", "DceIface", "DceOpnum", "DetectionFilter", "Event", "FileHash",
    "FileSize", "Flags", "Flow", "FlowAge", "FlowBits", "FlowCondition", "FlowCount", "FlowElephant", "FlowInt",
    "FlowVar", "FragBits", "FragOffset", "FtpBounce", "GeoIp", "HostBits", "IPRep", "IcmpId", "IcmpSeq",
    "Icmpv6Mtu", "Icode", "IpId", "IpOpts", "IpProto", "Itype", "L3Proto", "ModbusRequest", "PacketCondition", "Rpc",
    "SameIp", "Seq", "StateCondition", "Stored", "StreamSize", "Tag", "TcpMss", "Threshold", "Tos",
    "TransactionCondition", "Ttl", "UriLen", "VlanId", "VlanLayers", "Window", "XBits",
]

PacketCondition = (DSize | Ttl | Tos | IpId | FragOffset | Itype | Icode | IcmpId | IcmpSeq | Icmpv6Mtu | Seq | Ack
                   | Window | TcpMss | VlanLayers | VlanId | IpProto | Flags | FragBits | IpOpts | SameIp | L3Proto
                   | Checksum | Event | GeoIp | IPRep | Rpc)
FlowCondition = Flow | StreamSize | FlowAge | FlowCount | FlowElephant | AppLayerProtocol
TransactionCondition = (AppLayerEvent | AppLayerState | UriLen | AppInteger | AppCount | AppWords | DceIface | DceOpnum
                        | FtpBounce | ModbusRequest | FileHash | FileSize)
StateCondition = (FlowBits | FlowInt | XBits | HostBits | FlowVar | Threshold | DetectionFilter | Tag | Stored)
Condition = PacketCondition | FlowCondition | TransactionCondition | StateCondition
