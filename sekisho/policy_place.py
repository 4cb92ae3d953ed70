"""Which policy a command works on: the argument, else [replay] zones of the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from columns.errors import UsageError

if TYPE_CHECKING:
    from zones import Policy


def named_policy(path: Path | None, config: Path | None) -> Policy:
    """Return the policy of a file or folder, or that of the configuration; UsageError where neither names one."""
    from sekisho.config import load_settings
    from zones import load_policy

    named = str(path) if path is not None else load_settings(config).replay.zones
    if not named:
        raise UsageError("no policy is named", expected="a policy file, or zones in [replay] of the configuration",
                         remedy="`sekisho zones new --preset alpha` writes one to begin with")
    return load_policy(named)
