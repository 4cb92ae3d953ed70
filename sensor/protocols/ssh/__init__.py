"""SSH: banners, algorithms, host key."""

from __future__ import annotations

from columns.app import AppProto
from columns.protocols.ssh import SSH
from sensor.protocols.parser import FlowFacts, Opening, Wants
from sensor.protocols.ssh.parser import SshParser
from sensor.protocols.ssh.settings import SshSettings

_TCP = 6
_MARK, _MARK_BELOW = b"SSH-", b"\nSSH-"
_PROBED_BYTES = 64


def probe(client: bytes, server: bytes, flow: FlowFacts) -> bool | None:
    """Ask for a banner: a client begins with it, a server may say other lines first."""
    if flow.proto != _TCP:
        return False
    if client:
        return _begins(client)
    if not server:
        return None
    begins = _begins(server)
    if begins is not False:
        return begins
    return True if _MARK_BELOW in server else None if len(server) < _PROBED_BYTES else False


def _begins(head: bytes) -> bool | None:
    if len(head) < len(_MARK):
        return None if _MARK.startswith(head) else False
    return head.startswith(_MARK)


WANTS: tuple[Wants, ...] = (Wants(AppProto.SSH, SshParser, probe, (SSH,), Opening(_MARK[:1])),)
"""How SSH is recognised and followed."""

__all__ = ["WANTS", "SshParser", "SshSettings", "probe"]
