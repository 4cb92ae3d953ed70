"""Every use of scapy: headers and whole messages, built once each with all fields given, then patched by frames.py."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

NO_MAC = "00:00:00:00:00:00"


@cache
def scapy() -> Any:
    """Return scapy's layers, loaded on first use: they take half a second and only the generators need them."""
    logging.getLogger("scapy.runtime").setLevel(logging.ERROR)  # it warns where there is no network interface
    from types import SimpleNamespace

    from scapy.layers import dhcp, dns, inet, inet6, l2, ntp
    names: dict[str, Any] = {}
    for module in (l2, inet, inet6, dns, dhcp, ntp):
        names.update({name: getattr(module, name) for name in dir(module) if not name.startswith("_")})
    return SimpleNamespace(**names)


@cache
def link(tagged: bool, ether_type: int) -> bytes:
    """Return an Ethernet header, with an 802.1Q tag or without; the addresses and the VLAN id are zero."""
    s = scapy()
    if tagged:
        return bytes(s.Ether(src=NO_MAC, dst=NO_MAC, type=0x8100) / s.Dot1Q(prio=0, dei=0, vlan=0, type=ether_type))
    return bytes(s.Ether(src=NO_MAC, dst=NO_MAC, type=ether_type))


@cache
def network(version: int) -> bytes:
    """Return an IPv4 (DF set) or IPv6 header with zero addresses, lengths and checksum."""
    s = scapy()
    if version == 4:
        return bytes(s.IP(ihl=5, tos=0, len=0, id=0, flags="DF", frag=0, ttl=0, proto=0, chksum=0,
                          src="0.0.0.0", dst="0.0.0.0"))
    return bytes(s.IPv6(tc=0, fl=0, plen=0, nh=0, hlim=0, src="::", dst="::"))


@cache
def tcp(syn: bool, mss: int) -> bytes:
    """Return a TCP header with zero ports, numbers and checksum; a SYN carries the options of a desktop system."""
    s = scapy()
    options = [("MSS", mss), ("NOP", None), ("WScale", 8), ("NOP", None), ("NOP", None), ("SAckOK", b"")] if syn else []
    return bytes(s.TCP(sport=0, dport=0, seq=0, ack=0, dataofs=8 if syn else 5, reserved=0, flags=0, window=0, chksum=0,
                       urgptr=0, options=options))


@cache
def udp() -> bytes:
    """Return a UDP header of zeros."""
    return bytes(scapy().UDP(sport=0, dport=0, len=0, chksum=0))


@cache
def echo(version: int, reply: bool) -> bytes:
    """Return an ICMP or ICMPv6 echo header with zero id, sequence number and checksum."""
    s = scapy()
    if version == 4:
        return bytes(s.ICMP(type=0 if reply else 8, code=0, chksum=0, id=0, seq=0))
    layer = s.ICMPv6EchoReply if reply else s.ICMPv6EchoRequest
    return bytes(layer(code=0, cksum=0, id=0, seq=0))


@cache
def unreachable(code: int) -> bytes:
    """Return the header of an ICMP destination unreachable; what it quotes follows."""
    return bytes(scapy().ICMP(type=3, code=code, chksum=0, reserved=0, length=0, nexthopmtu=0))


@cache
def fragment6(next_header: int) -> bytes:
    """Return an IPv6 fragment header with zero offset and identification."""
    return bytes(scapy().IPv6ExtHdrFragment(nh=next_header, res1=0, offset=0, res2=0, m=0, id=0))


@cache
def dns_query(name: str, qtype: str) -> bytes:
    """Return a DNS question with id zero."""
    s = scapy()
    return bytes(s.DNS(id=0, qr=0, opcode=0, aa=0, tc=0, rd=1, ra=0, z=0, ad=0, cd=0, rcode=0,
                       qd=s.DNSQR(qname=name, qtype=qtype, qclass=1)))


@cache
def dns_answer(name: str, qtype: str, data: str, *, rcode: int = 0, many: int = 1) -> bytes:
    """Return the answer to dns_query with id zero: ``many`` times the same record, as a big answer has many."""
    s = scapy()
    question = dns_query(name, qtype)[12:]
    record = bytes(s.DNSRR(rrname=name, type=qtype, rclass=1, ttl=300, rdata=data)) if data else b""
    head = bytes(s.DNS(id=0, qr=1, opcode=0, aa=0, tc=0, rd=1, ra=1, z=0, ad=0, cd=0, rcode=rcode, qd=[], an=[],
                       qdcount=1, ancount=many if data else 0, nscount=0, arcount=0))
    return head[:12] + question + record * many


@cache
def mdns_announcement(name: str, address: str) -> bytes:
    """Return the multicast DNS announcement of a host name (RFC 6762)."""
    s = scapy()
    record = s.DNSRR(rrname=name, type="A", rclass=0x8001, ttl=120, rdata=address)
    return bytes(s.DNS(id=0, qr=1, opcode=0, aa=1, tc=0, rd=0, ra=0, z=0, ad=0, cd=0, rcode=0, qd=[], an=record,
                       qdcount=0, ancount=1, nscount=0, arcount=0))


@cache
def ntp(mode: int) -> bytes:
    """Return an NTP version 4 message of a client (mode 3) or a server (mode 4) with zero timestamps."""
    s = scapy()
    message = bytearray(bytes(s.NTPHeader(leap=0, version=4, mode=mode, stratum=0 if mode == 3 else 2, poll=10,
                                          precision=0, delay=0, dispersion=0, ref=0, orig=0, recv=0, sent=0)))
    message[3], message[16:48] = 0xEC, bytes(32)  # precision 2**-20 s
    return bytes(message[:48])


@cache
def dhcp(kind: str, mac: bytes, address: str, server: str, transaction: int, name: str = "") -> bytes:
    """Return a BOOTP/DHCP message: discover and request from a client, offer and ack from the server.

    name: the host name that the client gives, or none.
    """
    s = scapy()
    from_client = kind in ("discover", "request")
    options: list[Any] = [("message-type", kind)]
    if kind == "request":
        options += [("requested_addr", address), ("server_id", server)]
    if from_client and name:
        options += [("hostname", name)]
    if not from_client:
        options += [("server_id", server), ("lease_time", 28800), ("subnet_mask", "255.255.255.0"), ("router", server)]
    return bytes(s.BOOTP(op=1 if from_client else 2, htype=1, hlen=6, hops=0, xid=transaction, secs=0, flags=0x8000,
                         ciaddr="0.0.0.0", yiaddr="0.0.0.0" if from_client else address, siaddr="0.0.0.0",
                         giaddr="0.0.0.0", chaddr=mac + bytes(10), sname=bytes(64), file=bytes(128),
                         options=b"c\x82Sc") / s.DHCP(options=[*options, "end"]))


@cache
def arp(reply: bool, src_mac: str, src: str, dst_mac: str, dst: str) -> bytes:
    """Return an ARP request or reply."""
    return bytes(scapy().ARP(hwtype=1, ptype=0x0800, hwlen=6, plen=4, op=2 if reply else 1, hwsrc=src_mac, psrc=src,
                             hwdst=dst_mac, pdst=dst))


@cache
def neighbour(advertise: bool, target: str, mac: str) -> bytes:
    """Return an ICMPv6 neighbour solicitation or advertisement with a zero checksum (RFC 4861)."""
    s = scapy()
    if advertise:
        return bytes(s.ICMPv6ND_NA(code=0, cksum=0, R=0, S=1, O=1, res=0, tgt=target)
                     / s.ICMPv6NDOptDstLLAddr(len=1, lladdr=mac))
    return bytes(s.ICMPv6ND_NS(code=0, cksum=0, res=0, tgt=target) / s.ICMPv6NDOptSrcLLAddr(len=1, lladdr=mac))


@cache
def spanning_tree(bridge_mac: str) -> bytes:
    """Return an 802.3 frame with a spanning tree BPDU: traffic without any IP header."""
    s = scapy()
    return bytes(s.Dot3(src=bridge_mac, dst="01:80:c2:00:00:00", len=38) / s.LLC(dsap=0x42, ssap=0x42, ctrl=3)
                 / s.STP(proto=0, version=0, bpdutype=0, bpduflags=0, rootid=32768, rootmac=bridge_mac, pathcost=0,
                         bridgeid=32768, bridgemac=bridge_mac, portid=0x8001, age=0, maxage=20,
                         hellotime=2, fwddelay=15))
