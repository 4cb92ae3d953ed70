"""EtherNet/IP as events show it, and its inspection buffers under the names that rules use."""

from __future__ import annotations

from typing import Any

from sensor.protocols.enip import message as m
from sensor.protocols.enip import names as n
from sensor.protocols.printing import printed

Buffers = list[tuple[str, bytes]]
_SEGMENTS = {m.CLASS: "class", m.INSTANCE: "instance", m.ATTRIBUTE: "attribute"}


def eve_object(message: m.Message) -> dict[str, Any]:
    """Return a message in the form of Suricata's event."""
    header = message.header
    shown: dict[str, Any] = {"command": n.named(n.COMMANDS, header.command), "status": n.named(
        n.STATUSES, header.status)}
    if header.options:
        shown["options"] = header.options
    if message.cip is not None:
        shown["cip"] = _cip(message.cip)
    if message.identity is not None:
        shown["identity"] = _identity(message.identity)
    elif message.services is not None:
        shown["list_services"] = {"protocol_version": message.version, "capabilities": message.services["capabilities"],
                                  "service_name": printed(message.services["name"].rstrip(b"\0"))}
    elif message.version is not None:
        shown["register_session"] = {"protocol_version": message.version, "options": message.options}
    return shown


def _identity(said: dict[str, Any]) -> dict[str, Any]:
    return {"protocol_version": said["version"], "revision": f"{said['major']}.{said['minor']}",
            "vendor_id": n.named(n.VENDORS, said["vendor"]), "device_type": n.named(n.DEVICES, said["device"]),
            "product_code": said["product"], "status": said["status"], "serial": said["serial"],
            "product_name": printed(said["name"]), "state": said["state"]}


def _cip(cip: m.Cip) -> dict[str, Any]:
    shown: dict[str, Any] = {"service": n.named(n.SERVICES, cip.service)}
    if cip.response:
        shown["status"] = n.named(n.CIP_STATUSES, cip.status)
        if cip.extended:
            shown["status_extended"] = cip.extended.hex()
    elif cip.path:
        shown["path"] = [{"segment_type": _SEGMENTS.get(kind, f"unknown-{kind}"), "value": value}
                         for kind, value in cip.path]
        if classes := [value for kind, value in cip.path if kind == m.CLASS]:
            shown["class_name"] = n.named(n.CLASSES, classes[-1])
    if cip.parts:
        shown["multiple"] = [_cip(part) for part in cip.parts]
    return shown


def buffers_of(message: m.Message) -> Buffers:
    """Return the buffers and numbers of a message."""
    header = message.header
    found: Buffers = [("enip_command", _number(header.command)), ("enip.status", _number(header.status))]
    if message.version is not None:
        found.append(("enip.protocol_version", _number(message.version)))
    if message.identity is not None:
        found += _identity_buffers(message.identity)
    if message.services is not None:
        found += [("enip.capabilities", _number(message.services["capabilities"])),
                  ("enip.service_name", message.services["name"])]
    if message.cip is not None:
        found += _cip_buffers(message.cip)
    return found


def _identity_buffers(said: dict[str, Any]) -> Buffers:
    numbers = (("enip.revision", said["major"] << 8 | said["minor"]), ("enip.vendor_id", said["vendor"]),
               ("enip.device_type", said["device"]), ("enip.product_code", said["product"]),
               ("enip.identity_status", said["status"]), ("enip.serial", said["serial"]),
               ("enip.state", said["state"]))
    return [("enip.product_name", said["name"]), *((name, _number(value)) for name, value in numbers)]


def _cip_buffers(cip: m.Cip) -> Buffers:
    found: Buffers = []
    for one in cip.each():
        if one.response:
            found.append(("enip.cip_status", _number(one.status)))
            if len(one.extended) == 2:
                found.append(("enip.cip_extendedstatus", _number(int.from_bytes(one.extended, "little"))))
        classes, attributes = one.of(m.CLASS), one.of(m.ATTRIBUTE)
        found.append(("cip_service", b"%d;%s;%s" % (one.service, _listed(classes), _listed(attributes))))
    for name, kind in (("class", m.CLASS), ("instance", m.INSTANCE), ("attribute", m.ATTRIBUTE)):
        found += [(f"enip.cip_{name}", _number(value)) for value in cip.of(kind)]
    return found


def _listed(numbers: list[int]) -> bytes:
    return b",".join(_number(number) for number in numbers)


def _number(value: int) -> bytes:
    return b"%d" % value
