"""Names of EtherNet/IP and CIP as events show them (ODVA, The CIP Networks Library, volumes 1 and 2)."""

from __future__ import annotations

NOP, LIST_SERVICES, LIST_IDENTITY, LIST_INTERFACES = 0, 4, 0x63, 0x64
REGISTER, UNREGISTER, SEND_RR_DATA, SEND_UNIT_DATA = 0x65, 0x66, 0x6F, 0x70
COMMANDS = {NOP: "nop", LIST_SERVICES: "list_services", LIST_IDENTITY: "list_identity",
            LIST_INTERFACES: "list_interfaces", REGISTER: "register_session", UNREGISTER: "unregister_session",
            SEND_RR_DATA: "send_rr_data", SEND_UNIT_DATA: "send_unit_data", 0x72: "indicate_status", 0x73: "cancel"}
STATUSES = {0: "success", 1: "invalid_cmd", 2: "no_resources", 3: "incorrect_data", 0x64: "invalid_session",
            0x65: "invalid_length", 0x69: "unsupported_prot_rev", 0x6A: "encap_header_error"}

SERVICES = {
    1: "Get Attributes All", 2: "Set Attributes All", 3: "Get Attribute List", 4: "Set Attribute List", 5: "Reset",
    6: "Start", 7: "Stop", 8: "Create", 9: "Delete", 10: "Multiple Service Packet", 13: "Apply Attributes",
    14: "Get Attribute Single", 16: "Set Attribute Single", 17: "Find Next Object Instance", 21: "Restore", 22: "Save",
    23: "No Operation", 24: "Get Member", 25: "Set Member", 26: "Insert Member", 27: "Remove Member", 28: "Group Sync",
    75: "Execute PCCC", 76: "Read Tag", 77: "Write Tag", 78: "Forward Close", 82: "Unconnected Send",
    84: "Forward Open", 91: "Large Forward Open"}
CIP_STATUSES = {
    0: "Success", 1: "Connection failure", 2: "Resource unavailable", 3: "Invalid parameter value",
    4: "Path segment error", 5: "Path destination unknown", 6: "Partial transfer", 7: "Connection lost",
    8: "Service not supported", 9: "Invalid attribute value", 10: "Attribute list error",
    11: "Already in requested mode/state", 12: "Object state conflict", 13: "Object already exists",
    14: "Attribute not settable", 15: "Privilege violation", 16: "Device state conflict", 17: "Reply data too large",
    19: "Not enough data", 20: "Attribute not supported", 21: "Too much data", 22: "Object does not exist"}
CLASSES = {1: "Identity", 2: "Message Router", 4: "Assembly", 5: "Connection", 6: "Connection Manager", 7: "Register",
           0x0F: "Parameter", 0x37: "File", 0x39: "Safety Supervisor", 0x43: "Time Sync", 0x44: "Modbus",
           0x47: "Device Level Ring (DLR)", 0x48: "QoS", 0x67: "PCCC Class", 0xF4: "Port", 0xF5: "TCP/IP Interface",
           0xF6: "Ethernet Link"}
VENDORS = {1: "Rockwell Automation/Allen-Bradley", 5: "Rockwell Automation/Reliance Elec.", 7: "SMC Corporation",
           26: "Festo Corporation", 40: "Wago Corporation", 46: "ABB Industrial Systems", 47: "Omron Corporation",
           48: "Turck Inc.", 90: "HMS Industrial Networks AB", 108: "Beckhoff Automation GmbH",
           145: "Siemens Energy & Automation/Drives", 161: "Mitsubishi Electric Corporation",
           243: "Schneider Automation Inc.", 250: "Yokogawa Electric Corporation", 283: "Hilscher GmbH",
           319: "Fuji Electric Co. Ltd.", 367: "Keyence Corporation"}
DEVICES = {2: "AC Drive", 3: "Motor Overload", 7: "General Purpose Discrete I/O", 12: "Communications Adapter",
           14: "Programmable Logic Controller", 16: "Position Controller", 24: "Human-Machine Interface",
           37: "CIP Motion Drive", 43: "Generic Device", 44: "Managed Ethernet Switch"}


def named(names: dict[int, str], number: int) -> str:
    """Return the name of a number, unknown-NUMBER for one that has none here."""
    return names.get(number, f"unknown-{number}")
