"""Keywords about application protocols and their transactions that are not buffers."""

from __future__ import annotations

import re

from detectors.signatures.language import conditions as c
from detectors.signatures.language.buffers import BUFFERS
from detectors.signatures.language.draft import Draft
from detectors.signatures.language.fields import FIELD_ALIASES, FIELDS
from detectors.signatures.language.integers import ANY_INDEX, IntTest
from detectors.signatures.language.keywords.registry import keyword
from detectors.signatures.language.keywords.values import index_of, int_test, one_of, pieces, raw_bytes, whole
from detectors.signatures.language.matches import Content
from detectors.signatures.language.problems import ValueProblem
from detectors.signatures.language.protocols import APPLICATIONS, PROTOCOLS, app_hooks
from detectors.signatures.language.rule import Option


def _field(draft: Draft, option: Option) -> None:
    field = FIELDS[FIELD_ALIASES.get(option.name, option.name)]
    draft.require_apps(field.apps, option.name)
    if field.bits:
        draft.conditions.append(_integer(field, option.value or ""))
    else:
        draft.conditions.append(_words(draft, field, option.value or "", option.negated))


def _integer(field, value: str):
    test, _, rest = value.partition(",")
    if field.listed and test.strip().startswith("count"):
        return c.AppCount(field.name, int_test(test.strip()[5:], 32))
    index = index_of(rest) if field.listed else ANY_INDEX
    names = dict(field.names)
    word = test.strip().lower()
    name = re.sub(r"^(!=|=|!)\s*", "", word)
    if name in names:
        return c.AppInteger(field.name, IntTest("!=" if word[0] == "!" else "=", names[name]), index)
    if names and not re.search(r"\d", word):
        one_of(name, names, "value")
    number = int_test(test if field.listed else value, field.bits)
    if field.name == "mqtt.qos" and not any(number.holds(n) for n in range(3)):
        raise ValueProblem(f"{number} is no quality of service", "it goes from 0 to 2")
    return c.AppInteger(field.name, number, index)


_FORMS = {
    "smb.version": r"[12]", "krb5.ticket_encryption": r"weak|-?[\w\-]+(\s*,\s*-?[\w\-]+)*",
    "dnp3_obj": r"\d{1,3}\s*,\s*\d{1,3}", "dnp3_ind": r"[\w]+(\s*,\s*\w+)*", "cip_service": r"\d+(\s*,\s*!?\d+){0,2}",
    "ike.chosen_sa_attribute": r"\w+\s*=\s*\d+",
    "http2.settings": r"settings_(header_table_size|enable_push|max_concurrent_streams|initial_window_size|"
                      r"max_frame_size|max_header_list_size)\s*(<=|>=|<>|[<>=!-]|\d).*",
    "tls_cert_notbefore": r"[<>=]?.*\d{4}.*", "tls_cert_notafter": r"[<>=]?.*\d{4}.*",
    "ssh.protoversion": r"\d+\.\d+|2_compat",
}
_SINGLE = ("smb.version", "ftp.mode", "ftp.reply_received", "ftpdata_command", "mqtt.connack.session_present")
_EMPTY = ("tls_cert_expired", "tls_cert_valid")


def _words(draft: Draft, field, value: str, negated: bool) -> c.AppWords:
    value = value.strip().lower()
    if field.name in _SINGLE and any(isinstance(x, c.AppWords) and x.field == field.name for x in draft.conditions):
        raise ValueProblem("it is given twice in one rule", "write it once")
    form = _FORMS.get(field.name)
    if form and not re.fullmatch(form, value):
        raise ValueProblem(f"{value or '(empty)'} is not how its value is written", "see docs/rules.md")
    words = tuple(pieces(value)) if value else ()
    if field.name in _SINGLE and len(words) != 1:
        raise ValueProblem(f"{value} is not one word", f"one of {', '.join(field.words)}")
    if field.words:
        for word in words:
            one_of(word.lstrip("!=+*-"), field.words, "word")
    if not words and field.name not in _EMPTY:
        raise ValueProblem("the value is empty", f"one of {', '.join(field.words)}")
    return c.AppWords(field.name, words, negated)


for _name in (*FIELDS, *FIELD_ALIASES):
    keyword(_name, value="none" if FIELD_ALIASES.get(_name, _name) in _EMPTY else "required")(_field)


@keyword("urilen")
def _read_urilen(draft: Draft, option: Option) -> None:
    value, _, kind = (option.value or "").partition(",")
    draft.require_apps(("http",), "urilen")
    raw = bool(kind) and one_of(kind, ("raw", "norm"), "form of the URI") == "raw"
    draft.conditions.append(c.UriLen(int_test(value, 16), raw))


@keyword("app-layer-protocol", negation=True)
def _read_protocol(draft: Draft, option: Option) -> None:
    name, _, mode = (option.value or "").partition(",")
    name = name.strip().lower()
    if name not in ("failed", "unknown"):
        name = one_of(name, sorted(APPLICATIONS | PROTOCOLS.keys()), "protocol")
        name = {"ssl": "tls", "ikev2": "ike"}.get(name, name)
    modes = {"": "direction", "direction": "direction", "either": "either", "both": "both", "final": "final",
             "to_server": "to_server", "toserver": "to_server", "to_client": "to_client", "toclient": "to_client"}
    mode = modes[one_of(mode, modes, "mode")]
    if any(isinstance(x, c.AppLayerProtocol) and x.name == name and x.mode == mode for x in draft.conditions):
        raise ValueProblem(f"{name} is given twice", "write it once")
    if draft.apps and not option.negated:
        raise ValueProblem(f"the rule is about {' or '.join(draft.apps)} already", "write ip or tcp in the header")
    draft.conditions.append(c.AppLayerProtocol(name, option.negated, mode))


@keyword("app-layer-event")
def _read_event(draft: Draft, option: Option) -> None:
    proto, _, name = (option.value or "").lower().partition(".")
    if proto == "applayer":
        draft.conditions.append(c.AppLayerEvent(proto, name))
        return
    apps = {"ssl": "tls", "ikev2": "ike", "http1": "http"}.get(proto, proto)
    one_of(apps, sorted(APPLICATIONS), "protocol")
    draft.require_apps((apps,), "app-layer-event")
    draft.conditions.append(c.AppLayerEvent(apps, name))


@keyword("app-layer-state")
def _read_state(draft: Draft, option: Option) -> None:
    found = re.fullmatch(r"(<=|>=|<|>|=|)\s*([\w.]+)", (option.value or "").strip())
    if not found or len(draft.apps) != 1:
        raise ValueProblem(f"{option.value} is no state, or the header names no protocol",
                           "write tls in the header and app-layer-state:client_hello_done")
    hooks = app_hooks("http1" if draft.apps[0] == "http" else draft.apps[0])
    draft.conditions.append(c.AppLayerState(found[1] or "=", one_of(found[2], hooks, "state")))


@keyword("dcerpc.iface", "dce_iface")
def _read_iface(draft: Draft, option: Option) -> None:
    parts = pieces(option.value or "")
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", parts[0]):
        raise ValueProblem(f"{parts[0]} is no UUID", "such as 367abb81-9844-35f1-ad32-98f038001003")
    draft.require_apps(("dcerpc", "smb"), option.name)
    any_frag = "any_frag" in parts[1:]
    tests = [part for part in parts[1:] if part != "any_frag"]
    if len(tests) > 1:
        raise ValueProblem(f"{option.value} has more than one version", "write one")
    draft.conditions.append(c.DceIface(parts[0].lower(), int_test(tests[0], 16) if tests else None, any_frag))


@keyword("dcerpc.opnum", "dce_opnum")
def _read_opnum(draft: Draft, option: Option) -> None:
    draft.require_apps(("dcerpc", "smb"), option.name)
    value = option.value or ""
    if re.match(r"\s*[<>=!&]", value):
        test = int_test(value, 16)
        ranges = {"<": (0, test.value - 1), "<=": (0, test.value), ">": (test.value + 1, 65_535),
                  ">=": (test.value, 65_535), "=": (test.value, test.value)}
        found = [ranges[test.op]] if test.op in ranges else [(0, test.value - 1), (test.value + 1, 65_535)]
    else:
        found = []
        for part in pieces(value):
            low, _, high = part.partition("-")
            first = whole(low, 0, 65_535, "the number")
            found.append((first, whole(high, first, 65_535, "the number") if high else first))
    draft.conditions.append(c.DceOpnum(tuple(found)))


@keyword("ftpbounce", value="none")
def _read_ftpbounce(draft: Draft, option: Option) -> None:
    draft.require_apps(("ftp",), "ftpbounce")
    draft.conditions.append(c.FtpBounce())


_TEXTS = {"tls.subject": "tls.cert_subject", "tls.issuerdn": "tls.cert_issuer", "tls.fingerprint":
          "tls.cert_fingerprint", "ssh.softwareversion": "ssh.software"}


def _text(draft: Draft, option: Option) -> None:
    pattern = raw_bytes(option.value or "")
    if option.name == "tls.fingerprint":
        pattern = pattern.lower()
    draft.add_to(BUFFERS[_TEXTS[option.name]], Content(pattern, negated=option.negated))


keyword(*_TEXTS, quotes="optional", negation=True)(_text)
