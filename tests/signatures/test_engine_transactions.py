"""What is kept of one side of a transaction."""

from __future__ import annotations

from detectors.signatures.engine.transactions import Side


def test_buffers_beyond_the_number_are_refused_and_counted_whenever_they_are_asked_for() -> None:
    for asked in (False, True):
        side = Side()
        assert side.add([("event", b"odd"), *[("a", b"%d" % k) for k in range(600)]]) == 0
        assert not asked or side.has("a")
        assert side.add([("b", b"%d" % k) for k in range(423)]) == 0
        assert side.add([("c", b"1"), ("c", b"2"), ("event", b"odder"), ("file.name", b"f")]) == 2
        assert (len(side.values("a")), len(side.values("b")), side.values("c")) == (600, 423, [b"1"])
        assert side.events == {"odd", "odder"}
        assert side.files == []


def test_what_belongs_to_one_file_stays_together() -> None:
    side = Side()
    side.add([("file.name", b"one"), ("http.uri", b"/"), ("file.data", b"1")])
    side.add([("file.name", b"two")])
    assert side.files == [{"file.name": [b"one"], "file.data": [b"1"]}, {"file.name": [b"two"]}]
    assert side.names == {"file.name", "http.uri", "file.data"}
