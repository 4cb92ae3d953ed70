"""content and its modifiers."""

from __future__ import annotations

from detectors.signatures.language.buffers import BUFFERS, MODIFIERS
from detectors.signatures.language.draft import Draft
from detectors.signatures.language.keywords.registry import keyword
from detectors.signatures.language.keywords.values import amount, pieces, raw_bytes, whole
from detectors.signatures.language.matches import Content, Pcre
from detectors.signatures.language.problems import ValueProblem
from detectors.signatures.language.rule import PAYLOAD, Option

MAX_VALUE = 1 << 20
"""Bound of offset, depth, distance and within, as Suricata's."""
MAX_PATTERN = 65_535
_ESCAPED = b'\\";:'
_HEX = b"0123456789abcdefABCDEF"


def parse_pattern(text: str) -> bytes:
    """Return the bytes of a content: text, |hex|, and \\ before \\ \" ; and : ."""
    if '"' not in text and "|" not in text and "\\" not in text:
        return raw_bytes(text)
    data, found, k = raw_bytes(text), bytearray(), 0
    while k < len(data):
        ch = data[k]
        if ch == 0x7C:
            end = data.find(b"|", k + 1)
            if end < 0:
                raise ValueProblem("the hex part has no second |", "close it; a | of the text is written |7C|")
            found += _hex(data[k + 1:end])
            k = end
        elif ch == 0x5C:
            k += 1
            if k >= len(data) or data[k] not in _ESCAPED:
                raise ValueProblem("\\ is before a character that needs none",
                                   'only \\\\ \\" \\; and \\: are allowed; or write |5C|')
            found.append(data[k])
        elif ch == 0x22:
            raise ValueProblem('a " stands within the value', 'write \\" or |22|')
        else:
            found.append(ch)
        k += 1
    return bytes(found)


def _hex(data: bytes) -> bytes:
    for word in data.split():
        if any(ch not in _HEX for ch in word):
            raise ValueProblem(f"|{data.decode('latin-1')}| holds what is no hex digit", "write pairs such as |0d 0a|")
        if len(word) % 2:
            raise ValueProblem(f"|{data.decode('latin-1')}| has half a byte", "write two hex digits for each byte")
    return bytes.fromhex(data.decode())


def _content(draft: Draft, option: Option, **fields) -> Content:
    pattern = parse_pattern(option.value or "")
    if not pattern:
        raise ValueProblem("the pattern is empty", 'write content:"…"')
    if len(pattern) > MAX_PATTERN:
        raise ValueProblem(f"the pattern is {len(pattern)} bytes long", f"at most {MAX_PATTERN} are allowed")
    return Content(pattern, negated=option.negated, **fields)


@keyword("content", quotes="mandatory", negation=True)
def _read_content(draft: Draft, option: Option) -> None:
    draft.add(_content(draft, option))


@keyword("uricontent", quotes="mandatory", negation=True)
def _read_uricontent(draft: Draft, option: Option) -> None:
    if draft.current is not None:
        raise ValueProblem(f"the sticky buffer {draft.current.buffer.name} is still set", "write http.uri; content:…")
    draft.add_to(BUFFERS["http.uri"], _content(draft, option))


def _modifier(draft: Draft, option: Option):
    return draft.change(draft.last_content(option.name))


@keyword("nocase", value="none")
def _read_nocase(draft: Draft, option: Option) -> None:
    if _modifier(draft, option).nocase:
        raise ValueProblem("it is given twice for one content", "write it once")
    draft.change(draft.last_content("nocase"), nocase=True)


@keyword("rawbytes", value="none")
def _read_rawbytes(draft: Draft, option: Option) -> None:
    at = draft.last_content("rawbytes")
    if at[0].buffer.name != PAYLOAD:
        raise ValueProblem(f"it is about the payload, and the content is looked for in {at[0].buffer.name}",
                           "take it away")
    if draft.change(at).rawbytes:
        raise ValueProblem("it is given twice for one content", "write it once")
    draft.change(at, rawbytes=True)


@keyword("replace", quotes="mandatory")
def _read_replace(draft: Draft, option: Option) -> None:
    at = draft.last_content("replace")
    content, new = draft.change(at), parse_pattern(option.value or "")
    if len(new) != len(content.pattern):
        raise ValueProblem(f"{len(new)} bytes replace {len(content.pattern)}", "write as many as the content has")
    if at[0].buffer.name != PAYLOAD or content.negated:
        raise ValueProblem("only a content of the payload that is not negated can be replaced", "take it away")
    draft.packet_only("replace")
    draft.change(at, replace=new)


def _absolute(draft: Draft, option: Option, field: str, low: int) -> None:
    at = draft.last_content(field)
    content = draft.change(at)
    if getattr(content, field) is not None or content.startswith:
        raise ValueProblem("it is given twice for one content" if not content.startswith else
                           "startswith says already where the content begins", "write one of them")
    if content.relative:
        raise ValueProblem("the content has distance or within, which count from the match before it",
                           "use either offset and depth, or distance and within")
    found = amount(draft, option.value or "", low, MAX_VALUE, field)
    if field == "depth" and isinstance(found, int) and found < len(content.pattern):
        raise ValueProblem(f"depth {found} is smaller than the content's {len(content.pattern)} bytes",
                           "it can never match: raise depth")
    draft.change(at, **{field: found})


@keyword("depth")
def _read_depth(draft: Draft, option: Option) -> None:
    _absolute(draft, option, "depth", 1)


@keyword("offset")
def _read_offset(draft: Draft, option: Option) -> None:
    _absolute(draft, option, "offset", 0)


def _relative(draft: Draft, option: Option, field: str, low: int) -> None:
    at = draft.last_content(field)
    content = draft.change(at)
    if getattr(content, field) is not None:
        raise ValueProblem("it is given twice for one content", "write it once")
    if content.depth is not None or content.offset is not None or content.startswith:
        raise ValueProblem("the content has offset, depth or startswith, which count from the buffer's start",
                           "use either offset and depth, or distance and within")
    before = draft.previous(at)
    if isinstance(before, Content) and before.fast_pattern_only:
        raise ValueProblem("the content before it has fast_pattern:only, whose place is not known",
                           "write fast_pattern instead of fast_pattern:only")
    if content.fast_pattern_only:
        raise ValueProblem("the content has fast_pattern:only, whose place is not known", "write fast_pattern")
    found = amount(draft, option.value or "", low, MAX_VALUE, field)
    if field == "within" and isinstance(found, int) and found < len(content.pattern):
        raise ValueProblem(f"within {found} is smaller than the content's {len(content.pattern)} bytes",
                           "it can never match: raise within")
    draft.change(at, **{field: found})


@keyword("distance")
def _read_distance(draft: Draft, option: Option) -> None:
    _relative(draft, option, "distance", -MAX_VALUE)


@keyword("within")
def _read_within(draft: Draft, option: Option) -> None:
    _relative(draft, option, "within", 0)


@keyword("startswith", value="none")
def _read_startswith(draft: Draft, option: Option) -> None:
    at = draft.last_content("startswith")
    content = draft.change(at)
    if content.startswith or content.relative or content.depth is not None or content.offset is not None:
        raise ValueProblem("the content has another modifier of its place", "write startswith alone")
    draft.change(at, startswith=True)


@keyword("endswith", value="none")
def _read_endswith(draft: Draft, option: Option) -> None:
    at = draft.last_content("endswith")
    if draft.change(at).endswith:
        raise ValueProblem("it is given twice for one content", "write it once")
    draft.change(at, endswith=True)


@keyword("fast_pattern", value="optional")
def _read_fast_pattern(draft: Draft, option: Option) -> None:
    at = draft.last_content("fast_pattern")
    content = draft.change(at)
    if at[0].buffer.layer == "decoded":
        raise ValueProblem("fast_pattern cannot be used with base64_data", "give it to a content before base64_decode")
    if draft.fast_pattern is not None:
        raise ValueProblem("the rule has a fast_pattern already", "write it once in a rule")
    placed = content.relative or content.depth is not None or content.offset is not None or content.startswith
    if content.negated and placed:
        raise ValueProblem("the content is negated and has a place, so that finding it says nothing",
                           "give it to another content")
    chop, only = None, False
    if option.value:
        words = pieces(option.value)
        only = words == ["only"]
        if only and (content.negated or placed or _relative_follows(draft, at)):
            raise ValueProblem("only is for a content that is not negated and whose place nobody asks for",
                               "write fast_pattern")
        if not only:
            chop = _chop(words, content)
    draft.fast_pattern = at
    draft.change(at, fast_pattern=True, fast_pattern_only=only, fast_pattern_chop=chop)


def _chop(words: list[str], content: Content) -> tuple[int, int]:
    if len(words) != 2:
        raise ValueProblem(f"{','.join(words)} is neither only nor OFFSET,LENGTH", "such as fast_pattern:4,8")
    start = whole(words[0], 0, 65_535, "the offset")
    size = whole(words[1], 1, 65_535, "the length")
    if start + size > len(content.pattern):
        raise ValueProblem(f"{start},{size} goes beyond the content's {len(content.pattern)} bytes",
                           "choose a part of it")
    return start, size


def _relative_follows(draft: Draft, at) -> bool:
    group, k = at
    return any((isinstance(m, Content) and m.relative) or (isinstance(m, Pcre) and m.relative)
               for m in group.matches[k + 1:k + 2])


def _move(draft: Draft, option: Option) -> None:
    draft.move_last(MODIFIERS[option.name], option.name)


for _name in MODIFIERS:
    keyword(_name, value="none")(_move)
