"""The period of a pack: from one moment to another, in a time zone, never by the clock of the machine."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from columns.errors import UsageError

_FIRST_YEAR, _LAST_YEAR, _DATE_CHARACTERS = 1971, 2200, 10
_SQL = "%Y-%m-%d %H:%M:%S.%f"


@dataclass(frozen=True)
class Period:
    """From since, to before until, both aware; zone is the IANA name in which times are shown."""

    since: dt.datetime
    until: dt.datetime
    zone: str

    @property
    def last_day(self) -> dt.date:
        """The last day of the period: what is due is judged as of its end."""
        return (self.until - dt.timedelta(microseconds=1)).date()

    @property
    def minutes(self) -> int:
        """Whole minutes of the period."""
        return int((self.until.astimezone(dt.UTC) - self.since.astimezone(dt.UTC)).total_seconds() // 60)

    def params(self) -> dict[str, str]:
        """Return the parameters that every query has: since and until, UTC as ClickHouse takes them."""
        return {
            "since": self.since.astimezone(dt.UTC).strftime(_SQL),
            "until": self.until.astimezone(dt.UTC).strftime(_SQL),
        }

    def shown(self, text: str) -> str:
        """Return a time of the store (UTC) as people read it, with its offset; 1970 is no time."""
        if not text or text.startswith("1970-01-01 00:00:00"):
            return "-"
        moment = dt.datetime.fromisoformat(text[:26]).replace(tzinfo=dt.UTC)
        return moment.astimezone(ZoneInfo(self.zone)).isoformat(sep=" ", timespec="seconds")

    def day(self, text: str, days: int) -> str:
        """Return the date so many days after a time of the store."""
        moment = dt.datetime.fromisoformat(text[:26]).replace(tzinfo=dt.UTC).astimezone(ZoneInfo(self.zone))
        return str(moment.date() + dt.timedelta(days=days))

    def __str__(self) -> str:
        return (
            f"{self.since.isoformat(sep=' ', timespec='minutes')} - {self.until.isoformat(sep=' ', timespec='minutes')}"
        )


def period_of(since: str, until: str, zone: str) -> Period:
    """Return a period; a date stands for the whole day in zone. UsageError for what is no time, or runs backwards."""
    begin, end = _moment(since, "--from", zone, later=False), _moment(until, "--to", zone, later=True)
    if begin.astimezone(dt.UTC) >= end.astimezone(dt.UTC):
        raise UsageError(f"--to {until} is not after --from {since}", expected="a period that goes forward")
    return Period(begin, end, zone)


def _moment(text: str, option: str, zone: str, *, later: bool) -> dt.datetime:
    try:
        if len(text) == _DATE_CHARACTERS:
            day = dt.date.fromisoformat(text) + dt.timedelta(days=int(later))
            moment = dt.datetime.combine(day, dt.time(), ZoneInfo(zone))
        else:
            moment = dt.datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option}: {text} is not a time", expected="a date such as 2026-06-01, or 2026-06-01T09:00:00+09:00"
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    if not _FIRST_YEAR <= moment.year < _LAST_YEAR:
        raise UsageError(f"{option}: {text} is out of range", expected=f"a time from {_FIRST_YEAR} to {_LAST_YEAR}")
    return moment.astimezone(ZoneInfo(zone))
