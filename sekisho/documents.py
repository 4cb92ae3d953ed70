"""The pages of the documentation that are written by the program: ``python -m sekisho.documents [FOLDER]``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from sekisho.cli import app
from sekisho.config_text import config_page
from sekisho.rules_page import keywords_page
from sekisho.suricata.page import suricata_page

_CLI_HEAD = """\
# Command line

<!-- Written by `python -m sekisho.documents`; the tests compare it with the commands. -->

Results go to stdout, progress and notes to stderr; a bar is shown only on a terminal. People read tables in Japanese or
English (`--lang`, else the locale); programs take `--json`.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | anything not below: the store cannot be opened, a full disk, Ctrl-C (what was read is kept) |
| 2 | wrong usage, configuration, zone policy, or not a capture |
| 3 | `--fail-on` reached |

| environment | meaning |
|---|---|
| `SEKISHO_STORE` | store where `--store` is not given (default: `target` of [store], else `./sekisho-store`) |
| `SEKISHO_STORE_PASSWORD` | password of the user of a ClickHouse server; else `password_file` of [store] |
| `SEKISHO_CONFIG` | configuration file where `--config` is not given |
| `SEKISHO_CACHE_DIR` | folder for compiled kernels (default `~/.cache/sekisho`) |
| `SEKISHO_TRACEBACK` | set to 1: also print where an error came from |
"""


def pages() -> dict[str, str]:
    """Return the pages by file name."""
    return {"cli.md": cli_page(), "configuration.md": config_page(), "rule-keywords.md": keywords_page(),
            "suricata.md": suricata_page()}


def cli_page() -> str:
    """Return docs/cli.md: every command with its arguments, options and examples."""
    return _CLI_HEAD + "".join(_section(path, command) for path, command in commands())


def commands() -> Iterator[tuple[str, Any]]:
    """Yield (``sekisho zones check``, command) for every command that does something itself."""
    yield from _walk("sekisho", typer.main.get_command(app))


def _walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", {})
    if not children or (command.invoke_without_command and path != "sekisho"):
        yield path, command
    for name, child in children.items():
        yield from _walk(f"{path} {name}", child)


def _section(path: str, command: Any) -> str:
    about = "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
    parts = [f"\n## {path}\n\n{about}\n\n"]
    rows = [_row(p) for p in command.params if p.name != "help"]
    if rows:
        parts.append("| argument or option | meaning |\n|---|---|\n" + "".join(rows))
    examples = (command.epilog or "").partition("Examples:\n")[2]
    if examples:
        parts.append("\n```sh\n" + "".join(line.strip() + "\n" for line in examples.splitlines()) + "```\n")
    return "".join(parts)


def _row(param: Any) -> str:
    value = (param.metavar or "").replace("|", "\\|")
    name = ", ".join(param.opts) if param.opts[0].startswith("-") else ""
    about = (param.help or "").replace("|", "\\|")
    if isinstance(param.default, int) and not isinstance(param.default, bool):
        about += f" [default: {param.default}]"
    return f"| `{f'{name} {value}'.strip()}` | {about} |\n"


def main() -> None:
    """Write the pages into the folder given, or docs/."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
