"""Reading big-endian numbers out of a frame: see columns.wire, where detectors find the same functions."""

from columns.wire import be16, be32, be64, copy_bytes, word_sum

__all__ = ["be16", "be32", "be64", "copy_bytes", "word_sum"]
