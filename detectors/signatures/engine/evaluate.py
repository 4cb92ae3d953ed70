"""Full evaluation of one rule against one scene: the cheap questions first, the contents last."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from detectors.signatures.engine import raw
from detectors.signatures.engine.conditions import flow_holds, holds
from detectors.signatures.engine.files import file_holds
from detectors.signatures.engine.memory import Memory
from detectors.signatures.engine.prepared import BYTE_ORDER, Group, Prepared, fits_app
from detectors.signatures.engine.scene import Scene
from detectors.signatures.engine.sets import Sets
from detectors.signatures.engine.steps import Buffer, Variables
from detectors.signatures.engine.transactions import BothSides, Side
from detectors.signatures.engine.transforms import transformed
from detectors.signatures.language.rule import PAYLOAD


class Evaluator:
    """Tells whether rules hold. profile: the time of each is measured, too."""

    def __init__(self, memory: Memory, sets: Sets, counts: Counter[str], *, profile: bool = False) -> None:
        self._memory, self._sets, self._counts, self._profile = memory, sets, counts, profile

    def holds(self, p: Prepared, scene: Scene) -> Variables | None:
        """Return what a rule has read, None where it does not hold. The header is asked here, too."""
        p.candidates += 1
        if not self._may(p, scene):
            return None
        p.evaluated += 1
        if not self._profile:
            return self._looked_into(p, scene)
        began = time.perf_counter()
        try:
            return self._looked_into(p, scene)
        finally:
            p.seconds += time.perf_counter() - began

    def _may(self, p: Prepared, scene: Scene) -> bool:
        """The cheap questions: header, protocol, flow, state."""
        rule = p.rule
        if rule.ip_protos is not None and scene.proto not in rule.ip_protos:
            return False
        if not _header_fits(p, scene):
            return False
        if p.version and scene.ip_version != p.version:
            return False
        if rule.app_protos and not fits_app(rule.app_protos, scene.memory.app if scene.memory is not None else ""):
            return False
        if rule.flow is not None and not flow_holds(rule.flow, scene):
            return False
        return all(self._memory.asks(x, scene.memory, scene) for x in p.state)

    def _looked_into(self, p: Prepared, scene: Scene) -> Variables | None:
        if not all(holds(x, scene) for x in p.packet) or not all(holds(x, scene) for x in p.transaction):
            return None
        variables = Variables(self._sets, self._counts)
        if p.is_tx:
            return variables if self._transaction(p, scene, variables) else None
        for group in p.groups:
            data = self._packet_data(group, scene, variables)
            if data is None:
                return None
            if not group.search.holds(Buffer(data), variables):
                return None
        return variables

    def _packet_data(self, group: Group, scene: Scene, variables: Variables) -> bytes | None:
        if group.layer == "decoded":
            data = variables.decoded
        elif group.buffer == PAYLOAD:
            data = scene.data
        else:
            data = packet_buffer(group.buffer, scene)
        return transformed(data, group.transforms) if data is not None and group.transforms else data

    def _transaction(self, p: Prepared, scene: Scene, variables: Variables) -> bool:
        side: Side | BothSides = scene.tx
        if p.file and not any(all(file_holds(x, file) for x in p.file) for file in side.files):
            return False
        for group in p.groups:
            if group.layer in ("payload", "packet", "decoded"):
                data = self._packet_data(group, scene, variables)
                if data is None or not group.search.holds(Buffer(data), variables):
                    return False
            else:
                one = side.side(group) if isinstance(side, BothSides) else side
                if not self._buffers(group, one, one.values(group.buffer), variables):
                    return False
        return True

    def _buffers(self, group: Group, side: Side, values: Sequence[bytes], variables: Variables) -> bool:
        """Whether one of the instances has what the group wants; one that is absent only at the end of its side."""
        if not values:
            return group.search.absent and side.done
        little = side.has(BYTE_ORDER)
        for value in values:
            data = transformed(value, group.transforms) if group.transforms else value
            if data is not None and group.search.holds(Buffer(data, little), variables):
                return True
        return False


def _header_fits(p: Prepared, scene: Scene) -> bool:
    """Whether the header holds: <> either way, => from the client's side."""
    direction = p.rule.direction
    if direction == "=>":
        return (scene.ends if scene.to_server else scene.ends.turned()).fit(p.header)
    return scene.ends.fit(p.header) or (direction == "<>" and scene.ends.turned().fit(p.header))


def packet_buffer(name: str, scene: Scene) -> bytes | None:
    """Return a buffer of the packet's headers, None where it has none of that kind."""
    if name in ("ip.src", "ip.dst"):
        address = scene.src_ip if name == "ip.src" else scene.dst_ip
        return address.to_bytes(16, "big")[12 if scene.ip_version == 4 else 0 :]
    if scene.packet is None:
        return None
    head, _, _ = name.partition(".")
    if head in ("ipv4", "ipv6"):
        return raw.network_header(scene.packet, int(head[-1]))
    return raw.transport_header(scene.packet, {"tcp": 6, "udp": 17, "icmpv4": 1, "icmpv6": 58}[head])
