"""sekisho audit on the command line."""

from __future__ import annotations

import hashlib
from pathlib import Path


def test_it_writes_both_files_and_says_their_digests(cli, store, policy, tmp_path) -> None:
    given = ("audit", "--from", "2026-06-10", "--to", "2026-06-10", "--zones", policy, "--store", store)
    ran = cli(*given, "--lang", "ja", "--pdf")
    assert ran.code == 0
    for name in ("audit-20260610-20260610.html", "audit-20260610-20260610.pdf"):
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() in ran.out
    assert "15 章" in ran.out
    first = (tmp_path / "audit-20260610-20260610.html").read_bytes()
    again = cli(*given, "--lang", "ja", "--out", "b.html", "--json").json
    assert again["files"]["b.html"] == hashlib.sha256(first).hexdigest()
    assert again["manifest"]["policy_sha256"]
    assert not list(Path().glob("*.part"))


def test_what_is_wrong_is_said_in_one_line(cli, store, policy) -> None:
    day = ("--from", "2026-06-10", "--to", "2026-06-10")
    for arguments, named in ((("--from", "2026-06-11", "--to", "2026-06-10"), "--to"),
                             (("--from", "x", "--to", "2026-06-10"), "--from"),
                             ((*day, "--annotations", "none.toml"), "none.toml")):
        ran = cli("audit", *arguments, "--zones", policy, "--store", store)
        assert (ran.code, named in ran.err, ran.err.count("\n")) == (2, True, 1)
    assert cli("audit", *day, "--store", "nowhere").code == 1
