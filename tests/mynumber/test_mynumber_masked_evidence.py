"""What alerts show as base64 is masked, too: an Individual Number does not get past the mask in another coding."""

import base64
import json

import numpy as np

from columns.schema import text_column, text_values
from detectors.mynumber.masking import Masking
from tests.support.numbers import number

NUMBER = number(np.random.default_rng(1)).encode()


def masked(**context):
    masking = Masking()
    got = json.loads(text_values(masking.evidence(text_column([json.dumps(context, separators=(",", ":"))])))[0])
    return got, masking.counted


def test_payload_and_packet_are_masked_and_nothing_else_changes():
    raw = b"\x00\xffname=" + NUMBER + b"&x=1\n"
    coded = base64.b64encode(raw).decode()
    got, counted = masked(payload=coded, packet=coded, payload_printable="plain", direction="to_server")
    expected = raw.replace(NUMBER, b"*" * len(NUMBER))
    assert base64.b64decode(got["payload"]) == base64.b64decode(got["packet"]) == expected
    assert (got["payload_printable"], got["direction"], counted) == ("plain", "to_server", 2)


def test_where_there_is_no_number_the_same_text_comes_back():
    masking = Masking()
    text = text_column(['{"payload":"' + base64.b64encode(b"nothing").decode() + '"}', "", "{}"])
    assert masking.evidence(text) is text
