"""Hours of a conduit and local time, against the calendar of the standard library."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zones.hours import end_of_day_ns, parse_window, time_zone, utc_offsets, week_minutes


def minutes(*texts):
    return week_minutes([parse_window(t) for t in texts])


def test_a_working_week():
    week = minutes("Mon-Fri 08:30-17:15")
    assert week.sum() == 5 * 525
    assert (week[509], week[510], week[1034], week[1035]) == (0, 1, 1, 0)
    assert week[5 * 1440:].sum() == 0


def test_a_night_belongs_to_the_day_it_starts_on():
    week = minutes("Sun 22:00-05:00")
    assert week[6 * 1440 + 1320:].all()
    assert week[:300].all()
    assert week.sum() == 420


def test_windows_add_up_and_days_may_be_listed_or_wrap():
    assert minutes("daily 00:00-24:00").all()
    assert np.array_equal(minutes("Sat-Mon 09:00-10:00"), minutes("Sat,Sun,Mon 09:00-10:00"))
    assert minutes("Mon 09:00-10:00", "Mon 09:30-11:00").sum() == 120


@pytest.mark.parametrize("text", ["", "Mon", "Mon 9:00-10:00", "Mon 09:00-24:01", "Mon 24:00-25:00", "Mon 09:60-10:00",
                                  "Noday 09:00-10:00", "Mon-Never 09:00-10:00", "Mon- 09:00-10:00 x", "09:00-10:00"])
def test_what_is_no_window_is_refused(text):
    with pytest.raises(ValueError, match="is"):
        parse_window(text)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe"]),
       st.integers(0, 4_000_000_000))
def test_offsets_agree_with_the_time_zone_database(name, second):
    zone = time_zone(name)
    since, offset = OFFSETS.setdefault(name, utc_offsets(zone))
    expected = dt.datetime.fromtimestamp(second, zone).utcoffset().total_seconds()
    assert offset[np.searchsorted(since, second, side="right") - 1] == expected


OFFSETS: dict = {}


def test_japan_has_one_offset_since_1970():
    since, offset = utc_offsets(time_zone("Asia/Tokyo"))
    assert offset.tolist() == [32400]
    assert since.size == 1


def test_japan_and_utc_need_no_time_zone_database(monkeypatch):
    def absent(name):
        raise KeyError(name)

    monkeypatch.setattr("zones.hours.ZoneInfo", absent)
    assert utc_offsets(time_zone("Asia/Tokyo"))[1].tolist() == [32400]
    with pytest.raises(ValueError, match="Europe/Berlin"):
        time_zone("Europe/Berlin")


def test_a_review_date_lasts_to_the_end_of_its_day_in_local_time():
    tokyo = time_zone("Asia/Tokyo")
    assert end_of_day_ns(dt.date(2026, 9, 30), tokyo) == 1_790_780_400 * 10**9  # 2026-10-01 00:00 JST
    assert end_of_day_ns(dt.date(9999, 12, 31), tokyo) > 9e18
