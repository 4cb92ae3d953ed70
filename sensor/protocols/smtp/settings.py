"""The settings of SMTP."""

from __future__ import annotations

from dataclasses import dataclass, field

from columns.limits import limit, limited
from sensor.protocols.files import FileSettings
from sensor.protocols.mime.message import MimeSettings


@limited("smtp")
@dataclass(frozen=True)
class SmtpSettings:
    """Limits of the SMTP parser; md5: whether subjects and bodies are hashed too."""

    line_bytes: int = limit(4096, 512, 65_536, "bytes", "of a command or reply line; the rest of it is passed over")
    recipients: int = limit(1024, 1, 65_535, "recipients", "of one mail are kept")
    outstanding: int = limit(1024, 16, 65_535, "commands", "may wait for their reply")
    held_bytes: int = limit(65_536, 1024, 1 << 20, "bytes", "after DATA are held until its reply")
    nonsense_lines: int = limit(32, 1, 65_535, "lines", "that are no command end the following of a connection")
    md5: bool = False
    mime: MimeSettings = field(default_factory=MimeSettings)
    files: FileSettings = field(default_factory=FileSettings)
