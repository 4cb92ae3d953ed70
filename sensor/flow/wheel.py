"""The timer wheel: every live flow hangs in the list of the second in which it is looked at next.

A packet does not move its flow; the flow is judged when its second comes and hung on again if it lives on
(Varghese and Lauck 1987, with lazy renewal). Only a change of TCP state, which can shorten a flow's life, moves it
at once.
"""

from __future__ import annotations

from columns.codes import TcpState
from columns.kernel import part
from sensor.flow import state as s

_TCP = 6
_SYN_SENT = int(TcpState.SYN_SENT)
_SYN_RECEIVED = int(TcpState.SYN_RECEIVED)
_CLOSING = int(TcpState.CLOSING)
_CLOSED = int(TcpState.CLOSED)
_RESET = int(TcpState.RESET)
_SLOTS = s.WHEEL_SLOTS
_TICK_NS = s.TICK_NS
_ACTIVE = s.ACTIVE
_LIMIT_HALF_OPEN, _LIMIT_TCP, _LIMIT_CLOSING, _LIMIT_CLOSED = s.HALF_OPEN, s.TCP, s.CLOSING, s.CLOSED
_LIMIT_UNANSWERED, _LIMIT_ANSWERED = s.UNANSWERED, s.ANSWERED


@part
def idle_end(r, limits):
    """Return the event time (ns) at which a flow ends if it stays silent."""
    if r["proto"] == _TCP:
        state = r["tcp_state"]
        if state == _CLOSED or state == _RESET:
            return r["last_clock"] + limits[_LIMIT_CLOSED]
        if state == _SYN_SENT or state == _SYN_RECEIVED:
            return r["last_clock"] + limits[_LIMIT_HALF_OPEN]
        if state == _CLOSING:
            return r["last_clock"] + limits[_LIMIT_CLOSING]
        return r["last_clock"] + limits[_LIMIT_TCP]
    if r["answered"]:
        return r["last_clock"] + limits[_LIMIT_ANSWERED]
    return r["last_clock"] + limits[_LIMIT_UNANSWERED]


@part
def link(records, wheel, now, slot, limits):
    """Hang a flow into the tick after it will have ended or is due for an active-timeout row; now is a tick."""
    r = records[slot]
    due = idle_end(r, limits)
    if r["pkts_toserver"] + r["pkts_toclient"] > 0:
        due = min(due, r["row_clock"] + limits[_ACTIVE])
    else:
        due = min(due, now * _TICK_NS + limits[_ACTIVE])  # its next row cannot begin before now
    tick = due // _TICK_NS + 1
    if tick <= now:
        tick = now + 1
    if tick > now + _SLOTS - 1:
        tick = now + _SLOTS - 1
    at = tick % _SLOTS
    head = wheel[at]
    r["wheel_slot"] = at
    r["wheel_prev"] = -1
    r["wheel_next"] = head
    if head >= 0:
        records[head]["wheel_prev"] = slot
    wheel[at] = slot


@part
def unlink(records, wheel, slot):
    """Take a flow out of its list."""
    r = records[slot]
    before, after = r["wheel_prev"], r["wheel_next"]
    if before >= 0:
        records[before]["wheel_next"] = after
    else:
        wheel[r["wheel_slot"]] = after
    if after >= 0:
        records[after]["wheel_prev"] = before
