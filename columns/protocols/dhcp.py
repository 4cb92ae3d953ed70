"""The dhcp table: one row per message of DHCP for IPv4."""

from __future__ import annotations

from columns.transaction import count, json_words, transaction_table, word, words

DHCP = transaction_table(
    "dhcp", "DHCP and BOOTP messages for IPv4", "Dhcp", __name__,
    (
        word("message_type", "request or reply, by the operation", "dhcp.type"),
        word("dhcp_type", "discover, offer, request, ack, ...; empty for BOOTP", "dhcp.dhcp_type"),
        count("id", "number of the exchange", "dhcp.id", missing=""),
        words("client_mac", "hardware address of the client", "dhcp.client_mac"),
        words("client_ip", "address that the client has", "dhcp.client_ip"),
        words("assigned_ip", "address that the client is given", "dhcp.assigned_ip"),
        words("next_server_ip", "server of the next step", "dhcp.next_server_ip"),
        words("relay_ip", "relay that passed it on", "dhcp.relay_ip"),
        words("requested_ip", "address that the client asks for", "dhcp.requested_ip"),
        words("server_ip", "server that is meant or that speaks", "sekisho.server_ip"),
        words("hostname", "name of the client", "dhcp.hostname"),
        words("domain", "domain the client is given", "sekisho.domain"),
        words("vendor_class", "kind of client", "dhcp.vendor_class_identifier"),
        words("client_id", "identifier of the client, hex with colons", "dhcp.client_id"),
        words("subnet_mask", "mask of the network", "dhcp.subnet_mask"),
        json_words("routers", "routers of the network", "dhcp.routers"),
        json_words("dns_servers", "name servers of the network", "dhcp.dns_servers"),
        count("lease_time_s", "how long the address is given for", "dhcp.lease_time", unit="s"),
        count("renewal_time_s", "when to renew", "dhcp.renewal_time", unit="s"),
        count("rebinding_time_s", "when to ask any server", "dhcp.rebinding_time", unit="s"),
        json_words("params", "options that the client asks for, by name or number", "dhcp.params"),
    ),
)
Dhcp = DHCP.batch
