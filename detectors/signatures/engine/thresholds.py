"""How often a rule that matches makes an alert: threshold, detection_filter, rate_filter, suppress; by event time."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from detectors.signatures.language.conditions import DetectionFilter, Threshold
from detectors.signatures.language.threshold_file import RateFilter

_SECOND = 1_000_000_000


class _Track:
    """Counts of one rule for one address, pair, flow, or for all. began: of the window; told: alerts in it."""

    __slots__ = ("began", "count", "next_", "told", "values")

    def __init__(self, now_ns: int) -> None:
        self.began, self.count, self.told, self.next_ = now_ns, 0, 0, 0
        self.values: set[int] | None = None


class Thresholds:
    """Counts by rule and what is tracked; at most so many, the one not used for longest is forgotten."""

    def __init__(self, most: int) -> None:
        self._most, self._tracks = most, OrderedDict[tuple[Any, ...], _Track]()
        self.forgotten = 0

    def filtered(self, which: tuple[int, int], wanted: DetectionFilter, scene: Any) -> bool:
        """Return whether a detection filter holds a match back: it counts it, and lets pass those beyond the count."""
        key = ("f", which, *_tracked(wanted.track, scene))
        track, now = self._track(key, scene.at.ts_ns), scene.at.ts_ns
        if now - track.began >= wanted.seconds * _SECOND:
            track.began, track.count = now, 0
        track.count += 1
        return track.count <= wanted.count

    def held(self, which: tuple[int, int], wanted: Threshold, scene: Any) -> bool:
        """Return whether a threshold holds an alert back."""
        key = ("t", which, *_tracked(wanted.track, scene))
        track, now = self._track(key, scene.at.ts_ns), scene.at.ts_ns
        if wanted.kind == "backoff":
            return _backed_off(track, wanted)
        if now - track.began >= wanted.seconds * _SECOND:
            track.began, track.count, track.told = now, 0, 0
            track.values = None
        if wanted.unique_on:
            value = scene.src_port if wanted.unique_on == "src_port" else scene.dst_port
            track.values = track.values or set()
            if len(track.values) < wanted.count:
                track.values.add(value)
            track.count = len(track.values)
        else:
            track.count += 1
        if wanted.kind == "limit":
            return track.count > wanted.count
        if wanted.kind == "threshold":
            if track.count < wanted.count:
                return True
            track.count, track.values = 0, None
            return False
        if track.count < wanted.count or track.told:
            return True
        track.told = 1
        return False

    def rated(self, which: tuple[int, int], wanted: RateFilter, action: str, scene: Any) -> str:
        """Return the action of a match under a rate filter: another one for a while after too many matches."""
        track, now = self._track(("r", *which, *_tracked(wanted.track, scene)), scene.at.ts_ns), scene.at.ts_ns
        if track.next_:
            if now < track.next_:
                return wanted.new_action
            track.next_, track.began, track.count = 0, now, 0
        if now - track.began >= wanted.seconds * _SECOND:
            track.began, track.count = now, 0
        track.count += 1
        if track.count <= wanted.count:
            return action
        track.next_ = now + wanted.timeout * _SECOND
        return wanted.new_action

    def _track(self, key: tuple[Any, ...], now_ns: int) -> _Track:
        found = self._tracks.get(key)
        if found is None:
            if len(self._tracks) >= self._most:
                self._tracks.popitem(last=False)
                self.forgotten += 1
            found = self._tracks[key] = _Track(now_ns)
        else:
            self._tracks.move_to_end(key)
        return found

    def __len__(self) -> int:
        return len(self._tracks)


def _backed_off(track: _Track, wanted: Threshold) -> bool:
    track.count += 1
    due = track.next_ or wanted.count
    if track.count < due:
        return True
    track.next_ = due * max(wanted.multiplier, 1) if wanted.multiplier > 1 else due + wanted.count
    return False


def _tracked(track: str, scene: Any) -> tuple[Any, ...]:
    match track:
        case "by_src":
            return ("s", scene.src_ip)
        case "by_dst":
            return ("d", scene.dst_ip)
        case "by_both":
            return ("b", min(scene.src_ip, scene.dst_ip), max(scene.src_ip, scene.dst_ip))
        case "by_flow":
            return ("f", scene.flow_id)
    return ("r",)
