"""Names of ICMP messages (IANA registries of ICMP and ICMPv6 parameters)."""

from __future__ import annotations

from functools import cache

_ICMP = {0: "echo_reply", 3: "unreachable", 4: "source_quench", 5: "redirect", 8: "echo_request",
         9: "router_advertisement", 10: "router_solicitation", 11: "time_exceeded", 12: "parameter_problem",
         13: "timestamp_request", 14: "timestamp_reply", 15: "information_request", 16: "information_reply",
         17: "mask_request", 18: "mask_reply"}
_UNREACHABLE = ("net_unreachable", "host_unreachable", "protocol_unreachable", "port_unreachable",
                "fragmentation_needed", "source_route_failed", "net_unknown", "host_unknown", "source_isolated",
                "net_prohibited", "host_prohibited", "net_unreachable_for_tos", "host_unreachable_for_tos",
                "communication_prohibited", "host_precedence_violation", "precedence_cutoff")
_ICMP6 = {1: "unreachable", 2: "packet_too_big", 3: "time_exceeded", 4: "parameter_problem", 128: "echo_request",
          129: "echo_reply", 130: "listener_query", 131: "listener_report", 132: "listener_done",
          133: "router_solicitation", 134: "router_advertisement", 135: "neighbor_solicitation",
          136: "neighbor_advertisement", 137: "redirect", 139: "information_query", 140: "information_response",
          143: "listener_report_v2"}
_UNREACHABLE6 = ("no_route", "communication_prohibited", "beyond_scope", "address_unreachable", "port_unreachable",
                 "policy_failed", "route_rejected")


@cache
def kind_of(proto: int, kind: int, code: int) -> str:
    """Return what a type and code of ICMP (1) or ICMPv6 (58) mean, or type_N where it has no name."""
    names, codes, unreachable = (_ICMP, _UNREACHABLE, 3) if proto == 1 else (_ICMP6, _UNREACHABLE6, 1)
    if kind == unreachable and code < len(codes):
        return codes[code]
    if kind == (11 if proto == 1 else 3) and code == 1:
        return "reassembly_time_exceeded"
    return names.get(kind, f"type_{kind}")
