"""Local time in a policy: the windows of ``hours``, the end of ``review_by``, and the offset of the time zone."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import numpy as np

from zones.model import Window

WEEK_MINUTES = 7 * 1440
_DAYS = {name: i for i, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_WINDOW = re.compile(r"\s*(\S+)\s+(\d{2}):(\d{2})-(\d{2}):(\d{2})\s*")
_WITHOUT_DATABASE = {"Asia/Tokyo": dt.timezone(dt.timedelta(hours=9)), "UTC": dt.UTC}
_SCAN_FROM, _SCAN_UNTIL = 0, 4_102_444_800  # 1970 to 2100


def parse_window(text: str) -> Window:
    """Return the window of a line such as ``Mon-Fri 08:30-17:15``, ``Sat,Sun 09:00-12:00`` or ``daily 22:00-05:00``.

    The end is exclusive; 24:00 is allowed; an end at or before the start lies on the next day, and the days name
    the start. ValueError for anything else.
    """
    found = _WINDOW.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not DAYS HH:MM-HH:MM")
    hours = [int(g) for g in found.groups()[1:]]
    start, stop = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if hours[1] > 59 or hours[3] > 59 or start >= 1440 or stop > 1440:
        raise ValueError(f"{text!r} has a time that does not exist")
    return Window(_parse_days(found.group(1)), start, stop if stop > start else stop + 1440)


def _parse_days(text: str) -> tuple[int, ...]:
    if text.lower() == "daily":
        return tuple(range(7))
    days: set[int] = set()
    for part in text.lower().split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise ValueError(f"{part!r} is not a weekday (Mon Tue Wed Thu Fri Sat Sun, a range, or daily)")
        span = (_DAYS[last or first] - _DAYS[first]) % 7
        days.update((_DAYS[first] + i) % 7 for i in range(span + 1))
    return tuple(sorted(days))


def week_minutes(windows: list[Window]) -> np.ndarray:
    """Return uint8[10080]: 1 for each minute of the week, from Monday 00:00 local time, inside one of the windows."""
    open_minutes = np.zeros(WEEK_MINUTES, np.uint8)
    for window in windows:
        for day in window.days:
            minutes = np.arange(window.start_minute, window.stop_minute) + day * 1440
            open_minutes[minutes % WEEK_MINUTES] = 1
    return open_minutes


def time_zone(name: str) -> dt.tzinfo:
    """Return a time zone by its IANA name; ValueError when it does not exist here (JST and UTC always do)."""
    try:
        return ZoneInfo(name)
    except Exception as error:  # KeyError, OSError or ValueError, by what is wrong with the name
        if name in _WITHOUT_DATABASE:
            return _WITHOUT_DATABASE[name]
        raise ValueError(f"{name!r} is no IANA time zone on this machine") from error


def utc_offsets(zone: dt.tzinfo) -> tuple[np.ndarray, np.ndarray]:
    """Return (int64 seconds since 1970 from which it holds, int64 offset in seconds) of a time zone, 1970 to 2100.

    Weekly steps find each change of offset, halving finds its second; the first entry holds for all time before.
    """
    since, offsets = [np.iinfo(np.int64).min], [_offset_at(zone, _SCAN_FROM)]
    before, step = _SCAN_FROM, 7 * 86400
    for after in range(_SCAN_FROM + step, _SCAN_UNTIL, step):
        if _offset_at(zone, after) != offsets[-1]:
            low, high = before, after
            while high - low > 1:
                middle = (low + high) // 2
                if _offset_at(zone, middle) == offsets[-1]:
                    low = middle
                else:
                    high = middle
            since.append(high)
            offsets.append(_offset_at(zone, high))
        before = after
    return np.array(since, np.int64), np.array(offsets, np.int64)


def _offset_at(zone: dt.tzinfo, second: int) -> int:
    return int(dt.datetime.fromtimestamp(second, zone).utcoffset().total_seconds())


def end_of_day_ns(day: dt.date, zone: dt.tzinfo) -> int:
    """Return the first nanosecond after a day in local time; the day itself is still within."""
    earliest, latest = dt.date(1678, 1, 1), dt.date(2262, 1, 1)  # what int64 nanoseconds hold
    midnight = dt.datetime.combine(min(max(day, earliest), latest) + dt.timedelta(days=1), dt.time(), zone)
    return int(midnight.timestamp()) * 1_000_000_000
