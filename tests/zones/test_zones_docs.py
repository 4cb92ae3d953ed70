"""docs/zones.md says all there is: every code, key, verdict and signature, in the words of the program."""

import re
from pathlib import Path

import pytest

from columns.codes import Verdict
from detectors.zone_signatures import BY_CODE
from zones import CODES
from zones.applications import APPLICATIONS
from zones.contents import FORBIDDABLE
from zones.model import KINDS, MODELS, SANITIZATION_STRENGTH, TIERS
from zones.reader import CONDUIT_KEYS, FILE_KEYS, SENSOR_KEYS, ZONE_KEYS
from zones.services import WITHOUT_PORTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "zones.md").read_text("utf-8")


def test_the_table_of_codes_is_the_one_in_the_program():
    rows = re.findall(r"^\| ([EW]\d{3}) \| (.*?) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    assert rows == [(code, c.meaning, c.meaning_ja, c.remedy) for code, c in CODES.items()]


@pytest.mark.parametrize("words", [FILE_KEYS, ZONE_KEYS, SENSOR_KEYS, CONDUIT_KEYS, MODELS, KINDS, TIERS, WITHOUT_PORTS,
                                   APPLICATIONS, FORBIDDABLE,
                                   [s for s in SANITIZATION_STRENGTH if s]])
def test_every_key_and_value_is_explained(words):
    for word in words:
        assert re.search(rf"`{re.escape(word)}`|\[{word}[.\]]", PAGE), word


def test_every_verdict_is_explained():
    for verdict in Verdict:
        assert f"| `{verdict.name.lower()}` |" in PAGE, verdict


def test_every_signature_is_listed():
    listed = {int(n) for n in re.findall(r"^\| (900\d{3}) \|", PAGE, re.MULTILINE)}
    assert listed == {s.signature_id for s in BY_CODE if s}
