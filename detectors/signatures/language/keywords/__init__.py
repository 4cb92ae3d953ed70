"""The keywords of the rule language, by family; importing this fills the table in registry.py."""

from detectors.signatures.language.keywords import (
    app,
    buffers,
    content,
    datasets,
    files,
    meta,
    modbus,
    numbers,
    packet,
    pcre,
    state,
)

__all__ = ["app", "buffers", "content", "datasets", "files", "meta", "modbus", "numbers", "packet", "pcre", "state"]
