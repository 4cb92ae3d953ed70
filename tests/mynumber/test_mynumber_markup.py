"""The text of an office document's XML."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.mynumber.markup import text_of_xml

TAGS = st.sampled_from(["<w:p>", "</w:p>", "</p>", "<br/>", '<w:br w:type="page"/>', "<w:tab/>", "<tabs>", "</w:tc>",
                        "1234", '<w:t xml:space="preserve">', "</table:table-cell>", "</table-cell>",
                        "</table:table-row>", ">", "</si>", "</x:y:p>", "</:p>", "<cr >", "</w:tcPr>", "<>", "</>",
                        "架空 ", "</w:row>", "<w:br-x>", "</ p>",
                        "</able-cell>", "</xtable-cell>", "</w:table-cell >", "<a b='" + "x" * 2100 + "'>"])


@settings(deadline=None)
@given(st.lists(TAGS, max_size=15).map("".join))
def test_the_text_of_xml_is_what_expressions_make_of_it(xml: str) -> None:
    lines = re.sub(r"</(?:\w+:)?(?:p|tc|c|si|row|table-cell)>|<(?:\w+:)?(?:br|tab|cr)\b[^>]*>", "\n", xml)
    assert text_of_xml(xml.encode()).decode() == re.sub(r"<[^<>]{0,2000}>", "", lines)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_have_a_text(data: bytes) -> None:
    assert len(text_of_xml(b"<w:p " + data)) <= 5 + len(data)
