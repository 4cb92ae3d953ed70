"""``python -m sekisho`` is the command ``sekisho``."""

from sekisho.cli import main

main()
