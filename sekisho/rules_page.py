"""The page of the documentation that lists the keywords of rules, from the tables that read them."""

from __future__ import annotations

from collections.abc import Iterator

_HEAD = """\
# Keywords of rules

<!-- Written by `python -m sekisho.documents`; the tests compare it with the tables. -->

What `sekisho rules check` reads; [rules.md](rules.md) says how. Which of it a replay can evaluate is told by
`sekisho rules check` for each set of rules.
"""
_WAYS = {("to_server",): "to server", ("to_client",): "to client"}


def keywords_page() -> str:
    """Return docs/rule-keywords.md."""
    return "".join((_HEAD, *_buffers(), *_fields(), *_others(), *_protocols()))


def _buffers() -> Iterator[str]:
    from detectors.signatures.language.buffers import BUFFERS

    yield ("\n## Buffers\n\nA sticky buffer is what the matches after it are about; ° is one that a transaction can "
           "have several of.\n\n| buffer | older names | modifier after a content | of | direction |\n"
           "|---|---|---|---|---|\n")
    for b in BUFFERS.values():
        older, moved = (", ".join(f"`{n}`" for n in names) for names in (b.aliases, b.modifiers))
        of = ", ".join(b.protos) or {"payload": "payload", "packet": "packets", "decoded": "what base64_decode made",
                                     "file": "files"}[b.layer]
        yield f"| `{b.name}`{'°' * b.multi} | {older} | {moved} | {of} | {_WAYS.get(b.directions, 'both')} |\n"
    yield "\n`frame:PROTOCOL.NAME` sets a frame of a protocol.\n"


def _fields() -> Iterator[str]:
    from detectors.signatures.language.fields import FIELDS

    yield ("\n## Numbers and words of transactions\n\n° takes an index after a comma (any, all, 0, -1, nb>3, …).\n\n"
           "| keyword | of | direction | takes |\n|---|---|---|---|\n")
    for f in FIELDS.values():
        number = f"number of {f.bits} bits" + ", or its name" * bool(f.names)
        takes = number if f.bits else ", ".join(f.words) or "words"
        yield f"| `{f.name}`{'°' * f.listed} | {f.apps[0]} | {_WAYS.get(f.directions, 'both')} | {takes} |\n"


def _others() -> Iterator[str]:
    from detectors.signatures.language import keywords
    from detectors.signatures.language.buffers import MODIFIERS, STICKY
    from detectors.signatures.language.fields import FIELDS
    from detectors.signatures.language.keywords.registry import KEYWORDS

    families = {"content": "Contents", "pcre": "Expressions", "numbers": "Numbers in a buffer",
                "buffers": "Transforms, and buffers as a whole", "datasets": "Sets of values", "packet": "Packets",
                "state": "Flows and state", "app": "Application protocols", "modbus": "Modbus", "files": "Files",
                "meta": "About the rule"}
    assert set(families) == set(keywords.__all__)
    yield "\n## Others\n\n| family | keywords |\n|---|---|\n"
    for module, title in families.items():
        names = sorted(k.name for k in KEYWORDS.values() if k.read.__module__.endswith(f".{module}")
                       and k.name not in STICKY and k.name not in MODIFIERS and k.name not in FIELDS)
        yield f"| {title} | {', '.join(f'`{name}`' for name in names)} |\n"


def _protocols() -> Iterator[str]:
    from detectors.signatures.language.protocols import PROTOCOLS
    from detectors.signatures.language.text import ACTIONS

    yield f"\n## Header\n\nActions: {', '.join(f'`{a}`' for a in ACTIONS)}.\n\n"
    yield f"Protocols: {', '.join(f'`{p}`' for p in PROTOCOLS)}.\n"
