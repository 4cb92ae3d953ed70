"""Sticky buffers, transforms, and what is asked of a buffer as a whole."""

from __future__ import annotations

import re

from detectors.signatures.language.buffers import BOTH, BUFFERS, STICKY, frame_buffer
from detectors.signatures.language.draft import Draft
from detectors.signatures.language.keywords.registry import keyword
from detectors.signatures.language.keywords.values import int_test, one_of, pieces, raw_bytes, whole
from detectors.signatures.language.matches import Absent, Base64Decode, BSize, Content, Entropy, Transform
from detectors.signatures.language.problems import ValueProblem
from detectors.signatures.language.protocols import APPLICATIONS
from detectors.signatures.language.regex import capture_count, check_pcre
from detectors.signatures.language.rule import PAYLOAD, Option

_WAYS = {"to_client": "to_client", "to_server": "to_server", "toclient": "to_client", "toserver": "to_server"}


def _sticky(draft: Draft, option: Option) -> None:
    buffer, direction = STICKY[option.name], ""
    if option.value:
        direction = _WAYS.get(option.value.lower(), "")
        if not direction or buffer.directions != BOTH:
            raise ValueProblem(f"{option.name} takes no {option.value}", f"write {option.name};")
        if draft.direction != "=>":
            raise ValueProblem("a buffer's direction belongs to rules with =>", f"write {option.name}; and flow")
    draft.set_sticky(buffer, direction)


for _name, _buffer in STICKY.items():
    if _name not in (PAYLOAD, "base64_data"):
        keyword(_name, value="optional" if _buffer.directions == BOTH else "none")(_sticky)


@keyword("pkt_data", value="none")
def _read_pkt_data(draft: Draft, option: Option) -> None:
    draft.set_payload()


def _bidirectional(draft: Draft, option: Option) -> None:
    if draft.direction != "=>":
        raise ValueProblem("it belongs to rules with =>", "write => in the header, or flow:to_server")
    draft.set_payload()
    draft.forced = "to_server" if option.name.endswith("server") else "to_client"


keyword("bidir.toserver", "bidir.toclient", value="none")(_bidirectional)


@keyword("frame")
def _read_frame(draft: Draft, option: Option) -> None:
    value = (option.value or "").lower()
    proto, dot, name = value.partition(".")
    if proto not in APPLICATIONS or not dot:
        if len(draft.apps) != 1:
            raise ValueProblem(f"which protocol's frame {value} is meant is not said",
                               "write the protocol in the header, or frame:PROTOCOL.NAME")
        proto, name = ("http1" if draft.apps[0] == "http" else draft.apps[0]), value
    if not re.fullmatch(r"[a-z0-9_.]+", name):
        raise ValueProblem(f"{name or '(empty)'} is no name of a frame", "write frame:PROTOCOL.NAME")
    draft.set_sticky(frame_buffer(proto, name))


@keyword("base64_decode", value="optional")
def _read_base64_decode(draft: Draft, option: Option) -> None:
    nbytes, offset, relative = None, 0, False
    for word in filter(None, pieces(option.value or "")):
        name, _, value = word.partition(" ")
        if name == "bytes":
            nbytes = whole(value, 1, 65_535, "bytes")
        elif name == "offset":
            offset = whole(value, 0, 65_535, "offset")
        elif name == "relative" and not value:
            relative = True
        else:
            raise ValueProblem(f"unknown word {word}", "bytes N, offset N or relative")
    draft.add(Base64Decode(nbytes, offset, relative), relative)


@keyword("base64_data", value="none")
def _read_base64_data(draft: Draft, option: Option) -> None:
    if not any(isinstance(m, Base64Decode) for g in draft.groups for m in g.matches):
        raise ValueProblem("nothing is decoded before it", "write base64_decode; base64_data;")
    draft.set_sticky(BUFFERS["base64_data"])


@keyword("bsize")
def _read_bsize(draft: Draft, option: Option) -> None:
    if draft.current is None:
        raise ValueProblem("there is no sticky buffer whose size it could mean", "write it after one; dsize is for "
                           "the payload")
    test = int_test(option.value or "", 64)
    draft.add(BSize(test))


@keyword("absent", value="optional")
def _read_absent(draft: Draft, option: Option) -> None:
    if draft.current is None:
        raise ValueProblem("there is no sticky buffer that could be absent", "write it after one")
    if draft.current.matches:
        raise ValueProblem("something is looked for in the buffer already", "write absent first")
    if option.value and option.value != "or_else":
        raise ValueProblem(f"unknown word {option.value}", "or_else, or nothing")
    draft.add(Absent(bool(option.value)))


@keyword("entropy")
def _read_entropy(draft: Draft, option: Option) -> None:
    given = dict(word.split(None, 1) if " " in word else (word, "") for word in pieces(option.value or ""))
    value = given.pop("value", "").replace(" ", "")
    operator = next((o for o in (">=", "<=", "!=", ">", "<", "=") if value.startswith(o)), "")
    try:
        number = float(value[len(operator):])
    except ValueError:
        raise ValueProblem(f"value {value or '(missing)'} is no comparison", "such as value >= 7.5") from None
    nbytes = whole(given.pop("bytes", "0"), 0, 65_535, "bytes")
    offset = whole(given.pop("offset", "0"), 0, 65_535, "offset")
    if given or not 0 <= number <= 8:
        raise ValueProblem("it has an unknown word, or a value beyond 0 to 8", "bytes N, offset N, value OP NUMBER")
    draft.add(Entropy(operator or "=", number, nbytes=nbytes, offset=offset))


_PLAIN = ("strip_whitespace", "compress_whitespace", "to_md5", "to_sha1", "to_sha256", "dotprefix", "url_decode",
          "to_lowercase", "to_uppercase", "header_lowercase", "strip_pseudo_headers", "domain", "tld")


def _plain(draft: Draft, option: Option) -> None:
    draft.add_transform(Transform(option.name))


keyword(*_PLAIN, value="none")(_plain)


@keyword("xor", quotes="optional")
def _read_xor(draft: Draft, option: Option) -> None:
    try:
        key = bytes.fromhex(option.value or "")
    except ValueError:
        key = b""
    if not 0 < len(key) < 256:
        raise ValueProblem(f"the key {option.value} is not hex", 'such as xor:"0d0ac8ff"')
    draft.add_transform(Transform("xor", key))


@keyword("pcrexform", quotes="optional")
def _read_pcrexform(draft: Draft, option: Option) -> None:
    pattern = raw_bytes(option.value or "")
    if reason := check_pcre(pattern):
        raise ValueProblem(f"the expression cannot be compiled: {reason}", "mend the expression")
    if (groups := capture_count(pattern)) != 1:
        raise ValueProblem(f"the expression captures {groups} parts", "capture one: it becomes the buffer")
    draft.add_transform(Transform("pcrexform", pattern))


def _inflate(draft: Draft, option: Option) -> None:
    size = 1024
    if option.value:
        name, _, value = option.value.partition(" ")
        if name != "max-size":
            raise ValueProblem(f"unknown word {name}", "max-size N")
        size = whole(value, 1, 1 << 24, "max-size")
    draft.add_transform(Transform(option.name, size))


keyword("gunzip", "zlib_deflate", value="optional")(_inflate)


@keyword("from_base64", value="optional")
def _read_from_base64(draft: Draft, option: Option) -> None:
    mode, offset, nbytes = "rfc4648", 0, None
    for word in filter(None, pieces(option.value or "")):
        name, _, value = word.partition(" ")
        if name == "mode":
            mode = one_of(value, ("rfc4648", "rfc2045", "strict"), "mode")
        elif name == "offset":
            offset = whole(value, 0, 65_535, "offset")
        elif name == "bytes":
            nbytes = whole(value, 1, 65_535, "bytes")
        else:
            raise ValueProblem(f"unknown word {word}", "mode, offset or bytes")
    draft.add_transform(Transform("from_base64", (mode, offset, nbytes)))


def file_content(draft: Draft, buffer: str, pattern: bytes, negated: bool, **fields) -> None:
    """Add a content about a file's name or type, beside whatever buffer is current."""
    draft.add_to(BUFFERS[buffer], Content(pattern, nocase=True, negated=negated, **fields))
