"""Keywords about files: name, type, hashes, size, and keeping them."""

from __future__ import annotations

import re
from pathlib import Path

from detectors.signatures.language import conditions as c
from detectors.signatures.language.buffers import FILE_PROTOS
from detectors.signatures.language.draft import Draft
from detectors.signatures.language.keywords.buffers import file_content
from detectors.signatures.language.keywords.content import parse_pattern
from detectors.signatures.language.keywords.registry import keyword
from detectors.signatures.language.keywords.values import int_test, one_of, pieces, raw_bytes
from detectors.signatures.language.problems import FileAbsent, ValueProblem
from detectors.signatures.language.rule import Option

MAX_LIST_BYTES = 512 << 20


@keyword("filename", quotes="mandatory", negation=True)
def _read_filename(draft: Draft, option: Option) -> None:
    file_content(draft, "file.name", parse_pattern(option.value or ""), option.negated)


@keyword("fileext", quotes="mandatory", negation=True)
def _read_fileext(draft: Draft, option: Option) -> None:
    file_content(draft, "file.name", b"." + raw_bytes(option.value or ""), option.negated, endswith=True)


@keyword("filemagic", quotes="mandatory", negation=True)
def _read_filemagic(draft: Draft, option: Option) -> None:
    file_content(draft, "file.magic", parse_pattern(option.value or ""), option.negated)


@keyword("filesize")
def _read_filesize(draft: Draft, option: Option) -> None:
    value, side = option.value or "", ""
    first, comma, rest = value.partition(",")
    if comma:
        side, value = one_of(first, ("to_client", "to_server"), "direction"), rest
    draft.require_apps(FILE_PROTOS, "filesize")
    draft.conditions.append(c.FileSize(int_test(value, 64), side))


def _hash(draft: Draft, option: Option) -> None:
    algorithm = option.name.removeprefix("file")
    draft.require_apps(FILE_PROTOS, option.name)
    path = draft.folder / (option.value or "")
    draft.conditions.append(c.FileHash(algorithm, str(path), read_hashes(path, algorithm), option.negated))


keyword("filemd5", "filesha1", "filesha256", negation=True)(_hash)

_DIGITS = {"md5": 32, "sha1": 40, "sha256": 64}


def read_hashes(path: Path, algorithm: str) -> frozenset[bytes]:
    """Return the raw hashes of a list: one in hex at the start of each line, # begins a comment."""
    try:
        if path.stat().st_size > MAX_LIST_BYTES:
            raise ValueProblem(f"{path} is too large", f"at most {MAX_LIST_BYTES >> 20} MiB")
        text = path.read_text(encoding="latin-1")
    except OSError as error:
        raise FileAbsent(f"{path} cannot be read ({error.strerror})", "put the list beside the rules") from None
    size, found = _DIGITS[algorithm], set()
    for number, line in enumerate(text.splitlines(), 1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        if not re.fullmatch(rf"[0-9a-fA-F]{{{size}}}(\s.*|)", word):
            raise ValueProblem(f"line {number} of {path} does not begin with an {algorithm} in hex",
                               f"write {size} hex digits on each line")
        found.add(bytes.fromhex(word[:size]))
    return frozenset(found)


@keyword("filestore", value="optional")
def _read_filestore(draft: Draft, option: Option) -> None:
    words = tuple(word.lower() for word in pieces(option.value or "") if word)
    known = ("request", "response", "both", "to_server", "to_client", "file", "tx", "ssn", "flow")
    for word in words:
        one_of(word, known, "word")
    draft.require_apps(FILE_PROTOS, "filestore")
    draft.conditions.append(c.Stored("filestore", words))
