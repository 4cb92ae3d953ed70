"""What is measured: the replay in its variants, and the peers."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import captures
from benchmarks.harness import Subject

OUT = captures.ROOT / "benchmarks" / "out"
POLICY = captures.ROOT / "zones" / "examples" / "city.toml"
SPINE = captures.ROOT / "benchmarks" / "spine.toml"
COMPILED = captures.ROOT / "build" / "compiled"
BATCHES = (1024, 8192, 65536, 262144)
TSHARK_PACKETS = 100_000
DPKT_PACKETS = 300_000

DISSECTED = (
    "frame.time_epoch", "ip.src", "ip.dst", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport", "dns.id",
    "dns.flags.response", "dns.qry.name", "dns.qry.type", "dns.flags.rcode", "dns.a", "dns.aaaa", "dns.cname",
    "http.host", "http.request.method", "http.request.uri", "http.user_agent", "http.referer", "http.response.code",
    "http.content_type", "http.content_length", "tls.handshake.extensions_server_name", "tls.handshake.version",
    "tls.handshake.ciphersuite", "tls.handshake.ja3", "x509sat.printableString",
    "x509ce.dNSName", "smtp.req.command", "smtp.req.parameter", "smtp.response.code", "imf.from", "imf.to",
    "imf.subject", "smb.cmd", "smb2.cmd", "smb2.filename", "smb.path", "ssh.protocol", "ftp.request.command",
)

Manifest = dict[str, Any]


def replay_seconds(report: dict[str, Any]) -> float:
    """Return the seconds from opening the capture to the last row delivered, as the replay reports them."""
    return report["seconds"]["total"] - report["seconds"]["kernels"]


def loop_seconds(report: dict[str, Any]) -> float:
    """Return the seconds of a peer's loop, without its imports."""
    return report["seconds"]


def kernel_cache() -> dict[str, str]:
    """Return the environment with the kernel cache of the benchmarks, filled by the first run."""
    return {"SEKISHO_CACHE_DIR": str(OUT / "cache")}


def empty_kernel_cache() -> dict[str, str]:
    """Return the environment with a kernel cache that is empty."""
    shutil.rmtree(OUT / "cold", ignore_errors=True)
    return {"SEKISHO_CACHE_DIR": str(OUT / "cold")}


def fresh_store() -> dict[str, str]:
    """Remove the store of the repeat before."""
    shutil.rmtree(OUT / "store", ignore_errors=True)
    return kernel_cache()


def is_compiled() -> bool:
    """Return whether ``make compiled`` has built the parsers."""
    return (COMPILED / ".ready").is_file()


def compiled_parsers() -> dict[str, str]:
    """Return the environment with the modules of ``make compiled``, and the kernel cache."""
    return {**kernel_cache(), "PYTHONPATH": str(COMPILED)}


def replay(
    name: str, sheet: Manifest, *options: str, store: bool = False,
    prepare: Callable[[], dict[str, str]] | None = None, repeats: int | None = None, note: str = "",
    all_cores: bool = False,
) -> Subject:
    """Return a replay of a capture with the zones of the example policy, and all detectors unless options say less."""
    place = ("--store", str(OUT / "store")) if store else ("--no-store",)
    argv = [sys.executable, "-P", "-m", "sekisho", "replay", sheet["path"], "--json", "--zones", str(POLICY)]
    return Subject(
        name, [*argv, *place, *options], sheet["name"], sheet["packets"], sheet["wire_bytes"],
        prepare or (fresh_store if store else kernel_cache), replay_seconds, repeats, note, all_cores,
    )


def own_subjects(sheets: dict[str, Manifest]) -> list[Subject]:
    """Return the replay over every capture, with store and payload, at several batch sizes, warm and cold.

    Flows and detectors alone unless the name says payload; warm and cold start are those of a plain replay, with it.
    """
    main, alone, spine = sheets["main"], "--no-payload", ("--config", str(SPINE))
    plain = [replay(name, sheets[name], alone) for name in ("main", "small64", "ipv6", "million_flows")]
    flood = [replay(name, sheets[name], alone, repeats=2) for name in ("syn_flood_half", "syn_flood")]
    batches = [replay(f"batch {n}", main, alone, "--batch", str(n)) for n in BATCHES]
    payload = [("main, payload", main, (), "streams and protocols as well")]
    if "mixed" in sheets:
        payload += [("mixed", sheets["mixed"], (), "streams and protocols as well"),
                    ("mixed, spine", sheets["mixed"], spine, "streams, protocols and spine")]
    said = [replay(name, sheet, "--payload", *config, repeats=2, note=note) for name, sheet, config, note in payload]
    if is_compiled():
        said += [replay(f"{name}, compiled", sheet, "--payload", *config, prepare=compiled_parsers, repeats=2,
                        note="parsers as machine code") for name, sheet, config, _ in payload]
    name, prepare = ("compiled", compiled_parsers) if is_compiled() else ("interpreted", kernel_cache)
    said += [replay(f"{of}, workers", sheet, "--payload", "--workers", "0", *config, prepare=prepare, repeats=2,
                    all_cores=True, note=f"a worker for each core, parsers {name}") for of, sheet, config, _ in payload]
    return [
        replay("spine", main, alone, *spine, note="port scans, floods and zone verdicts alone"),
        *plain, *flood, *batches, *(stages(sheets[name]) for name in ("main", "small64")),
        verdicts(sheets["one_packet"]),
        replay("main, store", main, alone, store=True),
        *said,
        replay("warm start", sheets["one_packet"], note="one packet, kernels compiled before"),
        replay("cold start", main, prepare=empty_kernel_cache, repeats=1, note="no kernel compiled yet, all cores",
               all_cores=True),
    ]


def verdicts(sheet: Manifest) -> Subject:
    """Return what the zones add to a flow row; it makes its own flows, so the capture is only named."""
    flows = 1_000_000
    argv = [sys.executable, "-m", "benchmarks.verdicts", "--flows", str(flows)]
    return Subject("zone verdicts", argv, sheet["name"], flows, 0, kernel_cache, None, 1,
                   note="flow rows judged in memory, 50 zones and 500 conduits; processor time in the report")


def stages(sheet: Manifest) -> Subject:
    """Return the stages and every detector by itself, in processor seconds."""
    argv = [sys.executable, "-m", "benchmarks.stages", sheet["path"]]
    return Subject(f"stages of {sheet['name']}", argv, sheet["name"], sheet["packets"], sheet["wire_bytes"],
                   kernel_cache, lambda report: sum(report["seconds"].values()), 1,
                   note="each detector called by itself; processor seconds, second pass")


def _sliced(sheet: Manifest, packets: int) -> tuple[Path, int, int]:
    """Return a slice of a capture with its packets and bytes on the wire."""
    count = min(packets, sheet["packets"])
    path = captures.slice_capture(sheet["name"], count, Path(sheet["path"]).parent)
    return path, count, path.stat().st_size - 24 - 16 * count


def python_peers(sheet: Manifest) -> list[Subject]:
    """Return the peers that the floors speak of: dpkt over a slice (its cost is per packet), nfstream over all."""
    path, count, size = _sliced(sheet, DPKT_PACKETS)
    peers = captures.ROOT / "benchmarks" / "peers"
    dpkt = Subject("dpkt parse loop", [sys.executable, str(peers / "dpkt_loop.py"), str(path)], sheet["name"], count,
                   size, seconds=loop_seconds, repeats=3, note=f"first {count:,} packets, scaled by packets")
    nfstream = Subject("nfstream", [sys.executable, str(peers / "nfstream_loop.py"), sheet["path"]], sheet["name"],
                       sheet["packets"], sheet["wire_bytes"], seconds=loop_seconds, repeats=3,
                       note="no dissection, no statistics, one meter")
    return [dpkt, nfstream]


def dissecting_peers(sheet: Manifest) -> list[Subject]:
    """Return the peers that look into payload: nfstream with its dissection on, and tshark, where it is installed.

    tshark prints what the protocol tables hold: names, hosts, methods, versions, recipients, files.
    """
    script = str(captures.ROOT / "benchmarks" / "peers" / "nfstream_loop.py")
    found = [Subject("nfstream, dissecting", [sys.executable, script, sheet["path"], "20"], sheet["name"],
                     sheet["packets"], sheet["wire_bytes"], seconds=loop_seconds, repeats=2,
                     note="dissection of 20 packets a flow, no statistics, one meter")]
    if program := shutil.which("tshark"):
        path, count, size = _sliced(sheet, TSHARK_PACKETS)
        fields = [x for f in DISSECTED for x in ("-e", f)]
        found.append(Subject("tshark, dissecting", [program, "-r", str(path), "-T", "fields", *fields], sheet["name"],
                             count, size, repeats=2, note=f"first {count:,} packets"))
    return found


def tool_peers(sheet: Manifest) -> list[Subject]:
    """Return the command-line tools that are installed; tshark reads a slice."""
    path, count, size = _sliced(sheet, TSHARK_PACKETS)
    fields = [x for f in ("frame.time_epoch", "ip.src", "ip.dst", "tcp.srcport", "udp.srcport") for x in ("-e", f)]
    commands = {
        "tshark -T fields": (["tshark", "-r", str(path), "-T", "fields", *fields], count, size),
        "tcpdump -w": (["tcpdump", "-r", sheet["path"], "-w", "/dev/null"], 0, 0),
        "argus": (["argus", "-r", sheet["path"], "-w", "/dev/null"], 0, 0),
        "nfpcapd": (["nfpcapd", "-r", sheet["path"], "-w", tempfile.gettempdir()], 0, 0),
        "ndpiReader": (["ndpiReader", "-i", sheet["path"], "-q"], 0, 0),
    }
    found = []
    for name, (argv, packets, wire) in commands.items():
        program = shutil.which(argv[0])
        if program:
            note = f"first {packets:,} packets" if packets else ""
            found.append(Subject(name, [program, *argv[1:]], sheet["name"], packets or sheet["packets"],
                                 wire or sheet["wire_bytes"], repeats=2, note=note))
    return found
