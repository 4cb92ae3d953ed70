"""Class types and reference types: those that are known without a file, and files in Suricata's format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from columns.errors import UsageError

DEFAULT_PRIORITY = 3


@dataclass(frozen=True, slots=True)
class ClassType:
    """What a classtype stands for; priority 1 is the most severe."""

    name: str
    description: str
    priority: int


_DEFAULTS = """
not-suspicious|Not Suspicious Traffic|3
unknown|Unknown Traffic|3
bad-unknown|Potentially Bad Traffic|2
attempted-recon|Attempted Information Leak|2
successful-recon-limited|Information Leak|2
successful-recon-largescale|Large Scale Information Leak|2
attempted-dos|Attempted Denial of Service|2
successful-dos|Denial of Service|2
attempted-user|Attempted User Privilege Gain|1
unsuccessful-user|Unsuccessful User Privilege Gain|1
successful-user|Successful User Privilege Gain|1
attempted-admin|Attempted Administrator Privilege Gain|1
successful-admin|Successful Administrator Privilege Gain|1
rpc-portmap-decode|Decode of an RPC Query|2
shellcode-detect|Executable code was detected|1
string-detect|A suspicious string was detected|3
suspicious-filename-detect|A suspicious filename was detected|2
suspicious-login|An attempted login using a suspicious username was detected|2
system-call-detect|A system call was detected|2
tcp-connection|A TCP connection was detected|4
trojan-activity|A Network Trojan was detected|1
unusual-client-port-connection|A client was using an unusual port|2
network-scan|Detection of a Network Scan|3
denial-of-service|Detection of a Denial of Service Attack|2
non-standard-protocol|Detection of a non-standard protocol or event|2
protocol-command-decode|Generic Protocol Command Decode|3
web-application-activity|access to a potentially vulnerable web application|2
web-application-attack|Web Application Attack|1
misc-activity|Misc activity|3
misc-attack|Misc Attack|2
icmp-event|Generic ICMP event|3
inappropriate-content|Inappropriate Content was Detected|1
policy-violation|Potential Corporate Privacy Violation|1
default-login-attempt|Attempt to login by a default username and password|2
targeted-activity|Targeted Malicious Activity was Detected|1
exploit-kit|Exploit Kit Activity Detected|1
external-ip-check|Device Retrieving External IP Address Detected|2
domain-c2|Domain Observed Used for C2 Detected|1
pup-activity|Possibly Unwanted Program Detected|2
credential-theft|Successful Credential Theft Detected|1
social-engineering|Possible Social Engineering Attempted|2
coin-mining|Crypto Currency Mining Activity Detected|2
command-and-control|Malware Command and Control Activity Detected|1
"""

CLASS_TYPES: dict[str, ClassType] = {
    name: ClassType(name, description, int(priority))
    for name, description, priority in (row.split("|") for row in _DEFAULTS.strip().splitlines())}
"""The class types that every set of rules uses, by name; EVE's category is their description."""

REFERENCES: dict[str, str] = {
    "bugtraq": "http://www.securityfocus.com/bid/", "bid": "http://www.securityfocus.com/bid/",
    "cve": "https://cve.mitre.org/cgi-bin/cvename.cgi?name=", "secunia": "http://www.secunia.com/advisories/",
    "arachnids": "http://www.whitehats.com/info/IDS", "mcafee": "http://vil.nai.com/vil/content/v_",
    "nessus": "http://cgi.nessus.org/plugins/dump.php3?id=", "url": "https://",
    "et": "http://doc.emergingthreats.net/", "etpro": "http://doc.emergingthreatspro.com/",
    "telus": "http://", "osvdb": "http://osvdb.org/show/osvdb/",
    "threatexpert": "http://www.threatexpert.com/report.aspx?md5=", "md5": "http://www.threatexpert.com/report.aspx?md5=",
    "exploitdb": "http://www.exploit-db.com/exploits/", "openpacket": "https://www.openpacket.org/capture/grab/",
    "securitytracker": "http://securitytracker.com/id?", "xforce": "http://xforce.iss.net/xforce/xfdb/",
    "msft": "http://technet.microsoft.com/security/bulletin/",
}
"""Reference type -> what stands before its value to make an address."""

_CLASS = re.compile(r"config\s+classification\s*:\s*([^,\s]+)\s*,\s*(.+?)\s*,\s*(\d+)\s*$")
_REFERENCE = re.compile(r"config\s+reference\s*:\s*(\S+)\s+(\S+)\s*$")


def read_classification(path: Path) -> dict[str, ClassType]:
    """Return the class types of a classification.config on top of the defaults, UsageError for a line that is none."""
    found = dict(CLASS_TYPES)
    for name, description, priority in _rows(path, _CLASS, "config classification: NAME,DESCRIPTION,PRIORITY"):
        found[name.lower()] = ClassType(name.lower(), description, int(priority))
    return found


def read_references(path: Path) -> dict[str, str]:
    """Return the reference types of a reference.config on top of the defaults, UsageError for a line that is none."""
    return REFERENCES | {key.lower(): prefix for key, prefix in _rows(path, _REFERENCE, "config reference: KEY PREFIX")}


def _rows(path: Path, form: re.Pattern[str], expected: str):
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=str(path)) from None
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        found = form.match(text)
        if not found:
            raise UsageError(f"{text[:60]!r} is not understood", where=f"{path}:{number}", expected=expected,
                             remedy="mend the line, or put # before it")
        yield found.groups()
