"""The buffers that matches can be about: canonical name, older names, protocols, directions, one or several instances.

The canonical name is the sticky buffer's of Suricata 8. `aliases` are older names of the sticky buffer, `modifiers`
the content modifiers that come after a content.
"""

from __future__ import annotations

from dataclasses import dataclass

from detectors.signatures.language.rule import PAYLOAD

SERVER, CLIENT = "to_server", "to_client"
BOTH = (SERVER, CLIENT)


@dataclass(frozen=True, slots=True)
class Buffer:
    """One buffer. layer: payload, packet (a part of one packet), app (of a transaction), file, frame, decoded.

    protos are the application protocols that have it, empty for those of packets. multi: a transaction can have
    several; each must then be tried, and a rule's repeated use may be satisfied by different ones.
    """

    name: str
    protos: tuple[str, ...] = ()
    directions: tuple[str, ...] = BOTH
    multi: bool = False
    aliases: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()
    layer: str = "app"

    def toward(self, direction: str) -> bool:
        """Return whether it can be there in a direction (to_server, to_client, or both for any)."""
        return direction == "both" or direction in self.directions


def _family(protos: str, rows: str) -> list[Buffer]:
    """Return buffers of one family; a row is name, direction s c or b, * for several, =alias, ~modifier."""
    found = []
    for row in rows.strip().splitlines():
        name, way, *rest = row.split()
        found.append(Buffer(
            name, tuple(protos.split()), {"s": (SERVER,), "c": (CLIENT,), "b": BOTH}[way], "*" in rest,
            tuple(word[1:] for word in rest if word[0] == "="), tuple(word[1:] for word in rest if word[0] == "~")))
    return found


_HTTP = _family("http", """
http.uri            s ~http_uri
http.uri.raw        s ~http_raw_uri
http.method         s ~http_method
http.request_line   s =http_request_line
http.request_body   s ~http_client_body
http.user_agent     s ~http_user_agent
http.host           s ~http_host
http.host.raw       s ~http_raw_host
http.accept         s =http_accept
http.accept_lang    s =http_accept_lang
http.accept_enc     s =http_accept_enc
http.referer        s =http_referer
http.request_header s *
http.header         b ~http_header
http.header.raw     b ~http_raw_header
http.header_names   b =http_header_names
http.cookie         b ~http_cookie
http.connection     b =http_connection
http.content_type   b =http_content_type
http.content_len    b =http_content_len
http.start          b =http_start
http.protocol       b =http_protocol
http.server         c
http.location       c
http.stat_code      c ~http_stat_code
http.stat_msg       c ~http_stat_msg
http.response_line  c =http_response_line
http.response_body  c ~http_server_body
http.response_header c *
""")
_HTTP2 = _family("http2", "http2.header_name b *")
_DNS = _family("dns", """
dns.query              s * =dns_query
dns.query.name         b *
dns.queries.rrname     b *
dns.answer.name        b *
dns.answers.rrname     b *
dns.authorities.rrname b *
dns.additionals.rrname b *
dns.response.rrname    c *
""") + _family("mdns", """
mdns.queries.rrname     b *
mdns.answers.rrname     b *
mdns.authorities.rrname b *
mdns.additionals.rrname b *
mdns.response.rrname    b *
""")
_TLS = _family("tls", """
tls.sni              s =tls_sni
tls.cert_subject     b * =tls_cert_subject
tls.cert_issuer      b =tls_cert_issuer
tls.cert_serial      b =tls_cert_serial
tls.cert_fingerprint b =tls_cert_fingerprint
tls.certs            b *
tls.subjectaltname   b *
tls.alpn             b *
tls.random           b
tls.random_time      b
tls.random_bytes     b
ja3s.hash            c =ja3s_hash
ja3s.string          c =ja3s_string
""") + _family("tls quic", """
ja3.hash             s =ja3_hash
ja3.string           s =ja3_string
ja4.hash             s =ja4_hash
""")
_SSH = _family("ssh", """
ssh.proto               b =ssh_proto
ssh.software            b =ssh_software
ssh.hassh               s
ssh.hassh.string        s
ssh.hassh.server        c
ssh.hassh.server.string c
""")
_MAIL = _family("smtp", """
smtp.helo        s
smtp.mail_from   s
smtp.rcpt_to     s *
email.from       s
email.subject    s
email.to         s
email.cc         s
email.date       s
email.message_id s
email.x_mailer   s
email.body_md5   s
email.url        s *
email.received   s *
""")
_FTP = _family("ftp", """
ftp.command         s
ftp.command_data    s
ftp.reply           c *
ftp.completion_code c *
""")
_WINDOWS = _family("smb", """
smb.named_pipe     s =smb_named_pipe
smb.share          s =smb_share
smb.ntlmssp_user   s
smb.ntlmssp_domain s
""") + _family("dcerpc smb", "dcerpc.stub_data b =dce_stub_data") + _family("krb5", """
krb5.cname c * =krb5_cname
krb5.sname c * =krb5_sname
""") + _family("ldap", """
ldap.request.dn               s
ldap.request.attribute_type   s *
ldap.responses.dn             c *
ldap.responses.message        c *
ldap.responses.attribute_type c *
""")
_VOICE = _family("sip", """
sip.method         s
sip.uri            s
sip.request_line   s
sip.protocol       b
sip.stat_code      c
sip.stat_msg       c
sip.response_line  c
sip.from           b *
sip.to             b *
sip.via            b *
sip.user_agent     b * =sip.ua
sip.content_type   b *
sip.content_length b *
sdp.origin         b
sdp.session_name   b
sdp.session_info   b
sdp.uri            b
sdp.email          b
sdp.phone_number   b
sdp.connection_data b
sdp.bandwidth      b *
sdp.time           b *
sdp.repeat_time    b *
sdp.timezone       b
sdp.encryption_key b
sdp.attribute      b *
sdp.media.media    b *
sdp.media.media_info b *
sdp.media.connection_data b *
sdp.media.encryption_key b *
""") + _family("rfb", "rfb.name c")
_OTHERS = _family("snmp", """
snmp.community b
snmp.usm       b
""") + _family("mqtt", """
mqtt.connect.clientid        s
mqtt.connect.username        s
mqtt.connect.password        s
mqtt.connect.willtopic       s
mqtt.connect.willmessage     s
mqtt.connect.protocol_string s
mqtt.publish.topic           b
mqtt.publish.message         b
mqtt.subscribe.topic         s *
mqtt.unsubscribe.topic       s *
""") + _family("quic", """
quic.sni        s
quic.ua         s
quic.version    b
quic.cyu.hash   s *
quic.cyu.string s *
""") + _family("ike", """
ike.init_spi             b
ike.resp_spi             b
ike.vendor               s *
ike.key_exchange_payload b
ike.nonce_payload        b
""") + _family("dnp3", "dnp3.data b =dnp3_data") + _family("enip", """
enip.product_name b
enip.service_name b
""") + _family("pgsql", "pgsql.query s") + _family("websocket", "websocket.payload b")

FILE_PROTOS = ("http", "smtp", "ftp-data", "smb", "nfs")
"""Protocols whose files are looked at."""
_FILES = [Buffer("file.data", FILE_PROTOS, BOTH, True, ("file_data",), (), "file"),
          Buffer("file.name", FILE_PROTOS, BOTH, True, (), (), "file"),
          Buffer("file.magic", FILE_PROTOS, BOTH, True, (), (), "file")]
_PACKETS = [Buffer(name, layer="packet", aliases=aliases) for name, aliases in (
    ("ipv4.hdr", ()), ("ipv6.hdr", ()), ("tcp.hdr", ()), ("udp.hdr", ()), ("icmpv4.hdr", ()), ("icmpv6.hdr", ()),
    ("ip.src", ()), ("ip.dst", ()))]
_SPECIAL = [Buffer(PAYLOAD, layer="payload"), Buffer("base64_data", layer="decoded")]

BUFFERS: dict[str, Buffer] = {b.name: b for b in (
    *_SPECIAL, *_PACKETS, *_FILES, *_HTTP, *_HTTP2, *_DNS, *_TLS, *_SSH, *_MAIL, *_FTP, *_WINDOWS, *_VOICE, *_OTHERS)}
"""Every buffer by its canonical name; frames are made by frame_buffer()."""

STICKY: dict[str, Buffer] = {word: b for b in BUFFERS.values() for word in (b.name, *b.aliases)}
"""Keyword -> buffer that it sets for what follows."""

MODIFIERS: dict[str, Buffer] = {word: b for b in BUFFERS.values() for word in b.modifiers}
"""Keyword -> buffer that it moves the content before it to."""

FRAME = "frame:"
"""What the names of frames begin with: frame:http1.request.headers."""


def frame_buffer(proto: str, name: str) -> Buffer:
    """Return the buffer of a protocol's frame."""
    return Buffer(f"{FRAME}{proto}.{name}", (proto,), BOTH, True, layer="frame")


def find_buffer(name: str) -> Buffer:
    """Return a buffer by its canonical name, frames included; KeyError for no such buffer."""
    if name.startswith(FRAME):
        proto, _, rest = name[len(FRAME):].partition(".")
        return frame_buffer(proto, rest)
    return BUFFERS[name]
