"""Numbers and words of transactions that keywords ask for: protocol, direction, width, names of their values."""

from __future__ import annotations

from dataclasses import dataclass

from detectors.signatures.language.buffers import BOTH, CLIENT, SERVER


@dataclass(frozen=True, slots=True)
class Field:
    """One field. bits 0: words rather than a number; listed: a transaction has several; names: values by name."""

    name: str
    apps: tuple[str, ...]
    directions: tuple[str, ...] = BOTH
    bits: int = 0
    listed: bool = False
    names: tuple[tuple[str, int], ...] = ()
    words: tuple[str, ...] = ()


def _numbered(text: str, start: int = 0) -> dict[str, int]:
    return {word: k for k, word in enumerate(text.split(), start)}


_MQTT = _numbered("connect connack publish puback pubrec pubrel pubcomp subscribe suback unsubscribe unsuback pingreq "
                  "pingresp disconnect auth", 1)
_HTTP2_ERRORS = _numbered("no_error protocol_error internal_error flow_control_error settings_timeout stream_closed "
                          "frame_size_error refused_stream cancel compression_error connect_error enhance_your_calm "
                          "inadequate_security http_1_1_required") | {"http11_required": 13}
_HTTP2_FRAMES = _numbered("data headers priority rststream settings pushpromise ping goaway windowupdate continuation")
_LDAP = {"bind_request": 0, "bind_response": 1, "unbind_request": 2, "search_request": 3, "search_result_entry": 4,
         "search_result_done": 5, "modify_request": 6, "modify_response": 7, "add_request": 8, "add_response": 9,
         "del_request": 10, "del_response": 11, "mod_dn_request": 12, "mod_dn_response": 13, "compare_request": 14,
         "compare_response": 15, "abandon_request": 16, "search_result_reference": 19, "extended_request": 23,
         "extended_response": 24, "intermediate_response": 25}
_LDAP_RESULTS = _numbered("success operations_error protocol_error time_limit_exceeded size_limit_exceeded "
                          "compare_false compare_true auth_method_not_supported stronger_auth_required") | {
    "referral": 10, "admin_limit_exceeded": 11, "unavailable_critical_extension": 12, "confidentiality_required": 13,
    "sasl_bind_in_progress": 14, "no_such_attribute": 16, "undefined_attribute_type": 17,
    "inappropriate_matching": 18, "constraint_violation": 19, "attribute_or_value_exists": 20,
    "invalid_attribute_syntax": 21, "no_such_object": 32, "alias_problem": 33, "invalid_dns_syntax": 34,
    "is_leaf": 35, "alias_dereferencing_problem": 36, "inappropriate_authentication": 48, "invalid_credentials": 49,
    "insufficient_access_rights": 50, "busy": 51, "unavailable": 52, "unwilling_to_perform": 53, "loop_detect": 54,
    "naming_violation": 64, "object_class_violation": 65, "not_allowed_on_non_leaf": 66, "not_allowed_on_rdn": 67,
    "entry_already_exists": 68, "object_class_mods_prohibited": 69, "results_too_large": 70,
    "affects_multiple_dsas": 71, "other": 80}
_WEBSOCKET = {"continuation": 0, "text": 1, "binary": 2, "connection_close": 8, "ping": 9, "pong": 10}
_SNMP_PDUS = _numbered("get_request get_next_request response set_request trap_v1 get_bulk_request inform_request "
                       "trap_v2 report")
_RRTYPES = {"a": 1, "ns": 2, "cname": 5, "soa": 6, "ptr": 12, "mx": 15, "txt": 16, "aaaa": 28, "srv": 33, "naptr": 35,
            "ds": 43, "rrsig": 46, "nsec": 47, "dnskey": 48, "tlsa": 52, "svcb": 64, "https": 65, "any": 255}
_RCODES = {"noerror": 0, "formerr": 1, "servfail": 2, "nxdomain": 3, "notimp": 4, "refused": 5, "yxdomain": 6,
           "yxrrset": 7, "nxrrset": 8, "notauth": 9, "notzone": 10, "badvers": 16, "badkey": 17, "badtime": 18}
_ENIP = {"nop": 0, "list_services": 4, "list_identity": 0x63, "list_interfaces": 0x64, "register_session": 0x65,
         "unregister_session": 0x66, "send_rr_data": 0x6F, "send_unit_data": 0x70, "indicate_status": 0x72,
         "cancel": 0x73}
_ENIP_STATUS = {"success": 0, "invalid_cmd": 1, "no_resources": 2, "incorrect_data": 3, "invalid_session": 0x64,
                "invalid_length": 0x65, "unsupported_prot_rev": 0x69, "encap_header_error": 0x6A}
_DNP3 = {"confirm": 0, "read": 1, "write": 2, "select": 3, "operate": 4, "direct_operate": 5, "direct_operate_nr": 6,
         "immed_freeze": 7, "immed_freeze_nr": 8, "freeze_clear": 9, "freeze_clear_nr": 10, "freeze_at_time": 11,
         "freeze_at_time_nr": 12, "cold_restart": 13, "warm_restart": 14, "initialize_data": 15,
         "initialize_appl": 16, "start_appl": 17, "stop_appl": 18, "save_config": 19, "enable_unsolicited": 20,
         "disable_unsolicited": 21, "assign_class": 22, "delay_measure": 23, "record_current_time": 24,
         "open_file": 25, "close_file": 26, "delete_file": 27, "get_file_info": 28, "authenticate_file": 29,
         "abort_file": 30, "activate_config": 31, "authenticate_req": 32, "authenticate_err": 33, "response": 129,
         "unsolicited_response": 130, "authenticate_resp": 131}
_NAMES = {"mqtt.type": _MQTT, "http2.errorcode": _HTTP2_ERRORS, "http2.frametype": _HTTP2_FRAMES,
          "ldap.request.operation": _LDAP, "ldap.responses.operation": _LDAP,
          "ldap.responses.result_code": _LDAP_RESULTS, "websocket.opcode": _WEBSOCKET, "snmp.pdu_type": _SNMP_PDUS,
          "dns.rrtype": _RRTYPES, "dns.rcode": _RCODES, "enip_command": _ENIP, "enip.status": _ENIP_STATUS,
          "dnp3_func": _DNP3,
          "rfb.secresult": {"ok": 0, "fail": 1, "toomany": 2}}

_INTEGERS = """
dns dns.opcode b 8
dns dns.rcode c 16
dns dns.rrtype b 16 *
krb5 krb5_msg_type b 32
krb5 krb5_err_code c 32
mqtt mqtt.type b 8
mqtt mqtt.qos b 8
mqtt mqtt.protocol_version b 8
mqtt mqtt.reason_code b 8
ike ike.exchtype b 8
ike ike.key_exchange_payload_length b 32
ike ike.nonce_payload_length b 32
snmp snmp.version b 32
snmp snmp.pdu_type b 32
rfb rfb.secresult c 32
rfb rfb.sectype s 32
http2 http2.errorcode b 32 *
http2 http2.frametype b 8 *
http2 http2.priority b 8 *
http2 http2.window b 32 *
http2 http2.size_update b 64 *
nfs nfs_procedure b 32
nfs nfs_version b 32
dhcp dhcp.leasetime b 64
dhcp dhcp.rebinding_time b 64
dhcp dhcp.renewal_time b 64
ldap ldap.request.operation s 8
ldap ldap.responses.operation c 8 *
ldap ldap.responses.result_code c 32 *
ldap ldap.responses.count c 32
websocket websocket.opcode b 8
websocket websocket.mask b 32
enip enip_command b 16
enip enip.status b 32
enip enip.protocol_version b 16
enip enip.revision b 16
enip enip.identity_status b 16
enip enip.state b 8
enip enip.serial b 32
enip enip.product_code b 16
enip enip.device_type b 16
enip enip.vendor_id b 16
enip enip.capabilities b 16
enip enip.cip_attribute b 32 *
enip enip.cip_class b 32 *
enip enip.cip_instance b 32 *
enip enip.cip_status b 8 *
enip enip.cip_extendedstatus b 16 *
dnp3 dnp3_func b 8
tls tls.cert_chain_len b 32
ftp ftp.dynamic_port b 16
"""
_WORDS = """
mqtt mqtt.flags b dup retain
mqtt mqtt.connect.flags s username password will will_retain clean_session
mqtt mqtt.connack.session_present c yes no true false on off
ike ike.chosen_sa_attribute c
http2 http2.settings b
ftp ftp.mode b active passive
ftp ftp.reply_received c yes no true false on off
ftp-data ftpdata_command b retr stor
smb smb.version b 1 2
krb5 krb5.ticket_encryption c
dnp3 dnp3_ind c
dnp3 dnp3_obj b
enip cip_service b
websocket websocket.flags b fin comp
tls ssl_version b sslv2 sslv3 tls1.0 tls1.1 tls1.2 tls1.3
tls ssl_state b client_hello server_hello client_keyx server_keyx unknown
tls tls.version b 1.0 1.1 1.2 1.3 tls1.0 tls1.1 tls1.2 tls1.3 sslv2 sslv3
tls tls_cert_notbefore b
tls tls_cert_notafter b
tls tls_cert_expired b
tls tls_cert_valid b
ssh ssh.protoversion b
"""
_WAYS = {"b": BOTH, "s": (SERVER,), "c": (CLIENT,)}


def _fields() -> dict[str, Field]:
    found = {}
    for row in _INTEGERS.strip().splitlines():
        apps, name, way, bits, *rest = row.split()
        found[name] = Field(name, (apps,), _WAYS[way], int(bits), "*" in rest, tuple(_NAMES.get(name, {}).items()))
    for row in _WORDS.strip().splitlines():
        apps, name, way, *words = row.split()
        found[name] = Field(name, (apps,), _WAYS[way], words=tuple(words))
    return found


FIELDS: dict[str, Field] = _fields()
"""Every field by the keyword's name; aliases are in FIELD_ALIASES."""

FIELD_ALIASES = {"krb5.msg_type": "krb5_msg_type", "krb5.err_code": "krb5_err_code", "mqtt.connack.return_code":
                 "mqtt.reason_code", "mqtt.connack.sessionpresent": "mqtt.connack.session_present",
                 "nfs.procedure": "nfs_procedure", "nfs.version": "nfs_version", "enip.command": "enip_command",
                 "enip.cip_service": "cip_service", "dnp3.func": "dnp3_func", "dnp3.ind": "dnp3_ind",
                 "dnp3.obj": "dnp3_obj", "tls.cert_expired": "tls_cert_expired", "tls.cert_valid": "tls_cert_valid",
                 "tls.cert_notbefore": "tls_cert_notbefore", "tls.cert_notafter": "tls_cert_notafter"}
