"""The settings of SMB."""

from __future__ import annotations

from dataclasses import dataclass, field

from columns.limits import limit, limited
from sensor.protocols.files import FileSettings


@limited("smb")
@dataclass(frozen=True)
class SmbSettings:
    """Limits of the SMB parser; a value outside its range raises ConfigError. files: how files are looked at."""

    message_bytes: int = limit(65_536, 1024, 1 << 20, "bytes", "of a message other than file data are looked at")
    pending: int = limit(1024, 1, 65_536, "requests", "of a flow wait for their response")
    open_files: int = limit(2048, 1, 65_536, "files", "of a flow are followed at once")
    trees: int = limit(512, 1, 65_536, "trees", "of a flow are known by name")
    name_bytes: int = limit(4096, 64, 65_535, "bytes", "of a name are kept")
    files: FileSettings = field(default_factory=FileSettings)
