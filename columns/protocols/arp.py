"""The arp table: one row per ARP message."""

from __future__ import annotations

from typing import Any

from columns.address import address_text, mac_text
from columns.schema import Column
from columns.transaction import count, transaction_table, word

ARP = transaction_table(
    "arp", "ARP messages for IPv4 over Ethernet; src_ip and dst_ip are the protocol addresses of sender and target",
    "Arp", __name__,
    (
        word("hw_type", "kind of hardware address: ethernet", "arp.hw_type"),
        word("proto_type", "kind of protocol address: ipv4", "arp.proto_type"),
        word("opcode", "request, reply, rrequest, rreply, inrequest, inreply or nak", "arp.opcode"),
        Column("sender_mac", "uint64", "hardware address of the sender", clickhouse="UInt64", eve="arp.src_mac"),
        Column("target_mac", "uint64", "hardware address of the target, 0 while it is asked for", clickhouse="UInt64",
               eve="arp.dest_mac"),
        count("gratuitous", "1 where sender and target are the same address: it makes itself known",
              "sekisho.gratuitous", dtype="uint8"),
        count("spoofed", "1 where the frame came from another hardware address than the message says",
              "sekisho.spoofed", dtype="uint8"),
    ),
)
Arp = ARP.batch


def eve_object(row: dict[str, Any]) -> dict[str, Any]:
    """Return the ``arp`` object of an event."""
    return {
        "hw_type": row["hw_type"], "proto_type": row["proto_type"], "opcode": row["opcode"],
        "src_mac": mac_text(row["sender_mac"]), "src_ip": address_text(row["src_ip_hi"], row["src_ip_lo"]),
        "dest_mac": mac_text(row["target_mac"]), "dest_ip": address_text(row["dst_ip_hi"], row["dst_ip_lo"])}
