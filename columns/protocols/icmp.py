"""The icmp table: one row per message, the first ones of each flow."""

from __future__ import annotations

from columns.schema import Column
from columns.transaction import count, transaction_table, word

ICMP = transaction_table(
    "icmp", "ICMP and ICMPv6 messages: type, code, what they carry, and the packet that an error quotes",
    "Icmp", __name__,
    (
        count("to_server", "1 when the initiator of the flow sent it", "sekisho.to_server", dtype="uint8"),
        count("type", "ICMP or ICMPv6 type", "icmp.type", dtype="uint8", missing=""),
        count("code", "ICMP or ICMPv6 code", "icmp.code", dtype="uint8", missing=""),
        word("kind", "what type and code mean: echo_request, host_unreachable, neighbor_solicitation, ...",
             "icmp.kind"),
        count("identifier", "identifier of an echo", "icmp.identifier", dtype="uint16"),
        count("sequence", "sequence number of an echo", "icmp.sequence", dtype="uint16"),
        count("mtu_bytes", "MTU that a packet was too big for", "icmp.mtu", unit="bytes"),
        Column("target_ip", "ip", "gateway of a redirect, target of neighbour discovery", missing="::",
               clickhouse="IPv6"),
        count("payload_bytes", "bytes behind the header of 8", "icmp.payload_bytes", unit="bytes"),
        count("quoted_flow_id", "flow that the quoted packet belongs to", "icmp.quoted_flow_id", dtype="uint64"),
        count("quoted_proto", "IP protocol of the quoted packet", "icmp.quoted_proto", dtype="uint8"),
        count("quoted_src_port", "source port of the quoted packet", "icmp.quoted_src_port", dtype="uint16"),
        count("quoted_dst_port", "destination port of the quoted packet", "icmp.quoted_dest_port", dtype="uint16"),
        Column("quoted_dst_ip", "ip", "destination of the quoted packet: what was not reached", missing="::",
               clickhouse="IPv6"),
    ),
)
Icmp = ICMP.batch
