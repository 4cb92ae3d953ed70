"""Pictures of every page of the console in both languages: ``python -m tests.console.screenshots [FOLDER]``.

They show the store of the demonstration, in Japanese on dark ground and in English on light.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from pcaps.manifest import cached, load_manifest
from tests.support.browser import chromium, why_no_browser
from tests.support.console import Client, running, sekisho
from zones import EXAMPLE

LOOKS = (("ja", "dark"), ("en", "light"))
WIDTH, MOST_HEIGHT = 1360, 1300
PAGES = {"overview": "/", "zones": "/p/zones", "alerts": "/p/alerts", "dos": "/p/dos", "flows": "/p/flows",
         "host": "/p/host?ip=10.20.1.42", "protocols": "/p/protocols", "health": "/p/health"}


def main() -> None:
    """Take the pictures into the folder given, or docs/console."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/console")
    reason = why_no_browser()
    if reason:
        sys.exit(reason)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        capture = cached(load_manifest()["demo_day"], Path(place))
        sekisho("replay", capture, "--zones", EXAMPLE, "--store", f"{place}/store", "--quiet")
        with running(f"{place}/store", "--zones", EXAMPLE) as console, chromium() as browser:
            for lang, theme in LOOKS:
                take(console, browser, folder, lang, theme)


def take(console: Client, browser: Any, folder: Path, lang: str, theme: str) -> None:
    """Take all pages in one language and theme."""
    alert = console.rows("/api/alerts", console.whole | {"limit": 1})[0]
    pages = PAGES | {"alert": f"/alert/{alert['run_id']}/{alert['alert_id']}"}
    context = browser.new_context(viewport={"width": WIDTH, "height": 900}, color_scheme=theme,
                                  locale="ja-JP" if lang == "ja" else "en-GB", timezone_id="Asia/Tokyo")
    page = context.new_page()
    for name, path in pages.items():
        page.goto(f"{console.origin}{path}{'&' if '?' in path else '?'}lang={lang}")
        settle(page)
        height = min(page.evaluate("document.documentElement.scrollHeight"), MOST_HEIGHT)
        picture = folder / f"{name}-{lang}.png"
        page.screenshot(path=picture, full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
        shrink(picture)
    context.close()


def shrink(picture: Path) -> None:
    """Bring a picture to 256 colours, a third of its size; where Pillow is not installed it stays as it is."""
    try:
        from PIL import Image
    except ImportError:
        return
    with Image.open(picture) as found:
        found.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE,
                                                dither=Image.Dither.NONE).save(picture, optimize=True)


def settle(page: Any) -> None:
    """Wait until every panel has its answer."""
    for _ in range(600):
        page.wait_for_timeout(50)
        if page.evaluate("!!document.querySelector('main h1') && "
                         "!document.querySelector('[aria-busy=true], .loading')"):
            return
    raise AssertionError(f"the page does not come to rest: {page.url}")


if __name__ == "__main__":
    main()
