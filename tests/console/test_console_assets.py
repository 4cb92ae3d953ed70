"""The page's built assets belong to their source, carry their licences, and build the same again."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2] / "dashboards" / "console"
WEB, STATIC = HOME / "web", HOME / "static"
MANIFEST = json.loads((STATIC / "manifest.json").read_text())


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_assets_were_built_from_the_source_that_lies_here():
    sources = {p.relative_to(WEB).as_posix(): digest(p) for p in sorted(WEB.rglob("*"))
               if p.is_file() and "node_modules" not in p.parts and p.name not in (".npmrc", ".gitignore")}
    assert sources == MANIFEST["sources"], "run make console-assets"


def test_nobody_changed_a_built_asset():
    assert {p.name: digest(p) for p in STATIC.iterdir() if p.name != "manifest.json"} == MANIFEST["built"]


def test_the_assets_are_small_and_their_licences_are_there():
    assert sum(p.stat().st_size for p in STATIC.iterdir()) < 1_000_000
    licences = (STATIC / "LICENCES.txt").read_text()
    assert "Apache ECharts" in licences
    assert "Apache License" in licences
    assert "ZRender" in licences
    assert "BSD 3-Clause" in licences


def test_the_page_before_the_charts_is_very_small():
    assert sum((STATIC / name).stat().st_size for name in ("index.html", "boot.js", "main.js", "chunk.js", "style.css")
               ) < 100_000


def test_no_asset_names_another_host():
    import re

    for path in STATIC.iterdir():
        if path.suffix in (".js", ".css", ".html"):
            hosts = set(re.findall(r"(?:https?|wss?)://([\w.-]+)", path.read_text())) - {"www.w3.org"}
            assert hosts <= {"echarts.apache.org", "github.com"} if path.name == "charts.js" else not hosts, path.name


def test_a_build_gives_the_same_assets(tmp_path):
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    if not (WEB / "node_modules").is_dir():
        pytest.skip("the page's parts are not installed (make console-assets does it)")
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=WEB, check=True, timeout=120)
    assert json.loads((tmp_path / "manifest.json").read_text()) == MANIFEST


def test_both_languages_have_every_word():
    """Every key that the source says is in words.js, and every entry has two texts."""
    import re

    words = (WEB / "src" / "words.js").read_text()
    entries = re.findall(r"(\w+): \[\s*\"((?:[^\"\\]|\\.)*)\",\s*\"((?:[^\"\\]|\\.)*)\"\]", words)
    known = {key for key, ja, en in entries if ja and en}
    said = set()
    for path in (WEB / "src").glob("*.js"):
        said |= set(re.findall(r"\bt\(\"(\w+)\"\)", path.read_text()))
    assert said - known == set()
    assert len(entries) > 150
