"""The console in a real Chromium: what an analyst does, and that nothing leaves loopback."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.console import running, sekisho
from zones import EXAMPLE


class Tab:
    """A tab that keeps what went wrong in it: console messages, uncaught errors, requests to anywhere else."""

    def __init__(self, browser, console, **options):
        self.console = console
        self.context = browser.new_context(**({"viewport": {"width": 1440, "height": 900}, "locale": "en-GB",
                                               "timezone_id": "Asia/Tokyo", "color_scheme": "dark"} | options))
        self.page = self.context.new_page()
        self.wrong, self.asked = [], []
        self.page.on("console", lambda message: self.wrong.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.wrong.append(f"uncaught: {error}"))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, path="/"):
        self.page.goto(self.console.origin + path)
        return self.settled()

    def settled(self):
        """Wait until every panel has its answer."""
        for _ in range(300):
            self.page.wait_for_timeout(50)
            if self.page.evaluate("!!document.querySelector('main h1') && "
                                  "!document.querySelector('[aria-busy=true], .loading')"):
                return self.page
        raise AssertionError(f"the page does not come to rest: {self.page.url}")

    def click(self, selector):
        self.page.locator(selector).first.click()
        return self.settled()

    def query(self):
        return parse_qs(urlsplit(self.page.url).query)

    def close(self):
        strangers = [url for url in self.asked if urlsplit(url).hostname != "127.0.0.1" and not url.startswith("data:")]
        self.context.close()
        assert strangers == []
        assert self.wrong == []


@pytest.fixture
def tab(browser, console):
    opened = Tab(browser, console)
    yield opened
    opened.close()


def number(text):
    return int(re.sub(r"[^\d]", "", text))


def stat(page, panel):
    return page.locator(f"#panel-{panel} .stat-value").inner_text()


def test_a_number_is_that_of_the_command(tab, city_day):
    ran = sekisho("sql", "SELECT count() AS n FROM alerts", "--store", city_day, "--json")
    assert number(stat(tab.open(), "overview-open_alerts")) == json.loads(ran.stdout)["n"]


def test_the_demonstration_loads_and_its_numbers_are_those_of_sql(tab, sql):
    page = tab.open()
    (known,) = sql("SELECT countIf(severity <= 'high') AS urgent, count() AS alerts FROM alerts")
    (flows,) = sql("SELECT countIf(part = 0 AND verdict > 'permitted_excess') AS wrong FROM flow")
    assert number(stat(page, "overview-open_alerts")) == known["alerts"]
    assert number(stat(page, "overview-violations")) == flows["wrong"]
    assert "demo_day.pcap" in page.locator(".chip-line").inner_text()
    page = tab.open("/p/alerts")
    assert number(stat(page, "alerts-open_urgent")) == known["urgent"]
    assert page.locator(".queue tbody tr").count() == known["alerts"]
    page = tab.open("/p/zones")
    for pair in sql("SELECT src_zone, dst_zone, countIf(part = 0) AS n FROM flow GROUP BY ALL HAVING n > 0"):
        cell = page.locator(f"#panel-zones-flow_matrix [data-pair=\"{pair['src_zone']}>{pair['dst_zone']}\"]")
        assert number(cell.inner_text()) == pair["n"], pair


def test_the_first_meaningful_paint(browser, console, capsys):
    tab = Tab(browser, console)
    tab.open("/")
    times = []
    for _ in range(3):
        fresh = Tab(browser, console)
        page = fresh.open("/")
        times.append(page.evaluate("[performance.getEntriesByName('first-contentful-paint')[0].startTime, "
                                   "performance.getEntriesByName('sekisho-first-answer')[0].startTime]"))
        fresh.close()
    tab.close()
    contentful, answer = (min(t[i] for t in times) for i in range(2))
    with capsys.disabled():
        print(f"\nconsole, demonstration store: first contentful paint {contentful:.0f} ms, "
              f"first answer painted {answer:.0f} ms (best of {len(times)} cold caches)")
    assert answer <= 1000


def test_an_address_has_the_roles_that_the_store_says_in_either_language(tab, sql):
    wanted = {(r["role"], r["flows"]) for r in sql("SELECT role, sum(flows) AS flows FROM talkers_1h "
                                                   "WHERE ip = toIPv6('::ffff:10.20.1.42') GROUP BY role")}
    assert {role for role, _ in wanted} == {"initiator", "responder"}
    for lang, words in (("en", {}), ("ja", {"initiator": "開始側", "responder": "応答側"})):
        page = tab.open(f"/p/host?ip=10.20.1.42&lang={lang}")
        cells = [row.locator("td").all_inner_texts() for row in page.locator("#panel-host-summary tbody tr").all()]
        assert {(row[1], number(row[2])) for row in cells} == {(words.get(role, role), flows) for role, flows in wanted}
        wide = page.locator("#panel-host-summary").bounding_box()["width"]
        assert wide == page.locator("#panel-host-rate").bounding_box()["width"]  # nothing stands beside it


def test_from_the_matrix_to_the_flows_to_the_host(tab, sql):
    page = tab.open("/p/zones")
    tab.click('#panel-zones-violation_matrix [data-pair="lgwan>internet"] a')
    assert urlsplit(page.url).path == "/p/flows"
    assert (tab.query()["src_zone"], tab.query()["dst_zone"]) == (["lgwan"], ["internet"])
    rows = page.locator(".panel.wide tbody tr")
    (known,) = sql("SELECT count() AS n FROM flow WHERE src_zone = 'lgwan' AND dst_zone = 'internet'")
    assert rows.count() == known["n"]
    page.locator("form.conditions select[name=verdict]").select_option("no_conduit")
    tab.click("form.conditions button[type=submit]")
    assert rows.count() == 3
    address = rows.first.locator("a").first.inner_text().partition(":")[0]
    tab.click(".panel.wide tbody tr a")
    assert urlsplit(page.url).path == "/p/host"
    assert address in page.locator("h1").inner_text()
    page.go_back()
    tab.settled()
    assert rows.count() == 3


def test_filters_hold_over_pages_and_can_be_cleared(tab, sql):
    page = tab.open("/p/alerts")
    page.locator("#filter-severity summary").click()
    tab.click("#filter-severity input[value=critical]")
    assert tab.query()["severity"] == ["critical"]
    (known,) = sql("SELECT count() AS n FROM alerts WHERE severity = 'critical'")
    assert page.locator(".queue tbody tr").count() == known["n"]
    tab.click(".nav a >> nth=0")
    assert tab.query()["severity"] == ["critical"]
    tab.click("#clear-filters")
    assert "severity" not in tab.query()


def test_the_range_can_be_chosen(tab, sql):
    page = tab.open("/p/alerts")
    page.locator("#range-menu summary").click()
    page.locator("#range-menu input[name=from]").fill("2026-10-14T20:00:00")
    page.locator("#range-menu input[name=to]").fill("2026-10-14T21:00:00")
    tab.click("#range-menu button[type=submit]")
    (known,) = sql("SELECT count() AS n FROM alerts WHERE end_ns >= '2026-10-14 11:00:00' "
                   "AND start_ns < '2026-10-14 12:00:00'")
    assert page.locator(".queue tbody tr").count() == known["n"] > 0
    tab.click("#later")
    assert page.locator(".queue tbody tr").count() == 0
    assert "Nothing in this range" in page.locator(".queue").inner_text()
    page.locator("#range-menu summary").click()
    tab.click("#range-menu .quick a >> nth=0")
    assert tab.query()["from"] == ["now-15m"]
    assert "There is no data in the chosen range" in page.locator("main").inner_text()
    tab.click(".wide-notice a")
    assert "from" not in tab.query()
    page.locator("#range-menu summary").click()
    tab.click("#range-menu .runs a")
    assert tab.query()["from"] == [str(tab.console.whole["from"])]


def test_a_drag_across_a_chart_zooms(tab):
    page = tab.open()
    box = page.locator("#panel-overview-traffic_rate canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6, steps=5)
    page.mouse.up()
    tab.settled()
    chosen = [int(tab.query()[name][0]) for name in ("from", "to")]
    whole = tab.console.whole
    assert whole["from"] < chosen[0] < chosen[1] < whole["to"]


def test_an_alert_tells_why_its_policy_flow_packets_and_steps(tab, sql):
    page = tab.open("/p/alerts")
    (known,) = sql("SELECT * FROM alerts WHERE severity = 'critical'")
    tab.click(".queue a.strong")
    assert urlsplit(page.url).path == f"/alert/{known['run_id']}/{known['alert_id']}"
    text = page.locator("main").inner_text()
    for part in (known["why"], known["signature"], "10.10.1.13:50232", "no conduit", "First steps", "SYN",
                 known["policy_digest"][:16], "the default is deny", "demo_day.pcap"):
        assert part in text, part
    assert page.locator(".packet").count() == 8
    page.locator(".packet[open] .layer summary").last.click()
    assert "0000  02 00 00" in page.locator(".packet[open] .hex").inner_text()


def test_acknowledge_and_comment_survive_a_reload(browser, copied):
    with running(copied(), "--zones", EXAMPLE) as client:
        tab = Tab(browser, client)
        page = tab.open("/p/alerts")
        tab.click(".queue a.strong")
        page.locator("input[name=actor]").fill("当直 甲")
        page.locator("textarea").fill("端末を切り離した\n<b>確認中</b>")
        page.locator("[data-action=acknowledged]").click()
        page.locator(".history li").first.wait_for()
        page.reload()
        tab.settled()
        assert page.locator(".alert-status").inner_text().endswith("acknowledged")
        assert "端末を切り離した\n<b>確認中</b>" in page.locator(".history").inner_text()
        assert page.locator("input[name=actor]").input_value() == "当直 甲"
        page = tab.open("/p/alerts?status=open")
        before = page.locator(".queue tbody tr").count()
        for i in range(2):
            page.locator(".queue tbody input[type=checkbox]").nth(i).check()
        page.locator(".bulk button", has_text="False positive").click()
        page.wait_for_timeout(300)
        tab.settled()
        page.wait_for_timeout(300)
        assert page.locator(".queue tbody tr").count() == before - 2
        assert stat(page, "alerts-decided") == "2"
        tab.close()


def test_an_action_without_a_name_says_so(tab):
    page = tab.open("/p/alerts")
    tab.click(".queue a.strong")
    page.locator("input[name=actor]").fill("")
    page.locator("[data-action=closed]").click()
    page.locator(".trouble-text:not(:empty)").wait_for()
    assert "no name was given" in page.locator(".trouble-text:not(:empty)").inner_text()
    tab.wrong = [line for line in tab.wrong if "400 (Bad Request)" not in line]


def test_the_language_changes_and_is_remembered(tab):
    page = tab.open()
    assert page.locator("h1").inner_text() == "Overview"
    page.locator("#display summary").click()
    tab.click("#display input[value=ja]")
    assert page.locator("h1").inner_text() == "監視概況"
    assert page.locator("html").get_attribute("lang") == "ja"
    page = tab.open("/p/zones")
    assert "マイナンバー利用事務系" in page.locator(".matrix").first.inner_text()
    assert page.title() == "系間通信 – Sekisho"
    assert not re.search(r"[ぁ-ん]", tab.open("/p/alerts?lang=en").locator(".queue thead").inner_text())


def test_every_page_speaks_both_languages(tab):
    for lang, other in (("ja", r"Nothing in|Loading"), ("en", r"[ぁ-んァ-ヶ]")):
        for path in ("/", "/p/zones", "/p/alerts", "/p/dos", "/p/flows", "/p/host?ip=10.20.1.42", "/p/protocols",
                     "/p/health"):
            page = tab.open(f"{path}{'&' if '?' in path else '?'}lang={lang}")
            assert not re.search(other, page.locator("main").inner_text()), (path, lang)
            assert page.locator(".trouble").count() == 0, path


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_light_and_dark(browser, console, scheme):
    tab = Tab(browser, console, color_scheme=scheme)
    page = tab.open()

    def brightness():
        colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        return sum(int(n) for n in re.findall(r"\d+", colour)[:3]) / 3

    first = brightness()
    assert (first > 128) == (scheme == "light")
    page.locator("#display summary").click()
    tab.click(f"#display input[value={'dark' if scheme == 'light' else 'light'}]")
    assert (brightness() > 128) != (first > 128)
    page.reload()
    tab.settled()
    assert (brightness() > 128) != (first > 128)
    tab.close()


def test_text_is_readable_on_its_ground(browser, console):
    """WCAG AA: 4.5 to 1 for text and marks, in both themes."""
    for scheme in ("dark", "light"):
        tab = Tab(browser, console, color_scheme=scheme)
        page = tab.open("/p/alerts")
        low = page.evaluate(_CONTRAST)
        assert low == [], (scheme, low)
        tab.close()


_CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => sum + weight * linear(c[i] / 255), 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] === 1) return c;
    }
    return [0, 0, 0];
  };
  const names = ["h1", ".about", ".nav a", ".faint", "thead th", ".severity-critical", ".severity-high", ".why", "td a",
    ".severity-medium", ".severity-low", ".status-open", ".stat-value", ".button", ".chip-line", ".outcome-attempted"];
  const ratio = (element) => {
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  return names.map((name) => [name, document.querySelector(name)]).filter(([, e]) => e && ratio(e) < 4.5)
    .map(([name, e]) => [name, ratio(e).toFixed(2)]);
}"""


def test_everything_by_keyboard(tab):
    page = tab.open()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page = tab.open()
    reached = set()
    for _ in range(300):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.getAttribute('href')"))
        if page.evaluate("document.activeElement === document.body"):
            break  # past the last one
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
    assert {"earlier", "later", "search", "help", "/p/zones", "/p/alerts"} <= reached
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("10.20.1.42")
    page.keyboard.press("Enter")
    tab.settled()
    assert "10.20.1.42" in page.locator("h1").inner_text()
    page.keyboard.press("?")
    assert page.locator("dialog[open]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    page = tab.open("/p/alerts")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator(".queue a.strong").nth(1).get_attribute("href")
    assert page.evaluate("document.activeElement.getAttribute('href')") == second
    page.keyboard.press("Enter")
    tab.settled()
    assert urlsplit(page.url).path == urlsplit(second).path
    assert page.evaluate("document.activeElement.tagName") == "H1"
    page = tab.open()
    page.locator("#range-menu summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("#range-menu[open]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("#range-menu[open]").count() == 0
    page.keyboard.press("[")
    tab.settled()
    assert int(tab.query()["to"][0]) == tab.console.whole["from"]


def test_names_for_those_who_hear_the_page(tab):
    for path in ("/", "/p/zones", "/p/alerts", "/p/flows", "/p/host?ip=10.20.1.42"):
        page = tab.open(path)
        assert page.evaluate(_UNNAMED) == [], path
        assert page.locator("main h1").count() == 1


_UNNAMED = """() => [...document.querySelectorAll(
    'button, a[href], input, select, textarea, summary, [role=img], [role=region]')].filter((e) => {
  if (e.type === 'hidden' || e.closest('[hidden]')) return false;
  const label = e.labels?.length ? [...e.labels].map((l) => l.textContent).join('') : '';
  return !(e.getAttribute('aria-label') || label || e.textContent || e.title || '').trim();
}).map((e) => e.outerHTML.slice(0, 120))"""


def test_every_chart_can_be_read_as_a_table(tab):
    page = tab.open()
    panel = page.locator("#panel-overview-traffic_rate")
    assert panel.locator("canvas").count() == 1
    panel.locator(".menu summary").click()
    panel.locator(".menu button", has_text="Show as table").click()
    assert panel.locator("canvas").count() == 0
    assert panel.locator("tbody tr").count() > 10


def test_files(tab, sql):
    page = tab.open("/p/alerts?severity=critical&severity=high")
    with page.expect_download() as saving:
        page.locator(".queue .panel-tools a", has_text="JSON").click()
    saved = json.loads(Path(saving.value.path()).read_text("utf-8"))
    known = sql("SELECT alert_id FROM alerts WHERE severity <= 'high'")
    assert {row["alert_id"] for row in saved} == {row["alert_id"] for row in known}
    page.locator("#panel-alerts-by_host .menu summary").click()
    with page.expect_download() as saving:
        page.locator("#panel-alerts-by_host .menu a", has_text="CSV").click()
    assert saving.value.suggested_filename == "alerts-by_host.csv"
    assert Path(saving.value.path()).read_text("utf-8-sig").startswith("ip,severity,")


def test_a_narrow_screen_scrolls_only_downwards(browser, console):
    tab = Tab(browser, console, viewport={"width": 420, "height": 800})
    for path in ("/", "/p/zones", "/p/alerts", "/p/flows"):
        page = tab.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 420, path
    tab.close()


def test_an_empty_store_says_what_to_do(browser, tmp_path):
    from storage import open_store

    open_store(tmp_path / "s").close()
    with running(tmp_path / "s") as client:
        tab = Tab(browser, client)
        for path in ("/", "/p/zones", "/p/alerts", "/p/flows", "/p/health"):
            text = tab.open(path).locator("main").inner_text()
            assert "The store is empty" in text
            assert "sekisho replay" in text
        tab.close()


def test_a_console_that_went_away_is_said(browser, copied):
    with running(copied()) as client:
        tab = Tab(browser, client)
        page = tab.open()
    page.locator("#refresh").click()
    tab.settled()
    assert "The console does not answer" in page.locator("main").inner_text()
    assert "sekisho console" in page.locator("main").inner_text()
    tab.wrong = [line for line in tab.wrong if "ERR_CONNECTION_REFUSED" not in line]
    tab.close()


def test_pages_and_alerts_that_are_not_there(tab):
    assert "There is no such page" in tab.open("/p/nothing").locator("main").inner_text()
    text = tab.open("/alert/r-none/1").locator(".alert-page").inner_text()
    assert "no run r-none" in text
    tab.wrong = [line for line in tab.wrong if "400 (Bad Request)" not in line]


def test_login_in_the_browser(browser, copied, tmp_path):
    place = tmp_path / "token"
    place.write_text("correct-horse-battery-staple")
    place.chmod(0o600)
    with running(copied(), "--token-file", place) as client:
        tab = Tab(browser, client)
        page = tab.page
        page.goto(client.origin + "/p/zones")
        assert urlsplit(page.url).path == "/login"
        page.locator("#token").fill("wrong-token-wrong-token")
        page.locator("button").click()
        page.locator("#wrong:not([hidden])").wait_for()
        page.locator("#token").fill("correct-horse-battery-staple")
        page.locator("button").click()
        tab.settled()
        assert page.locator("h1").inner_text() == "Overview"
        assert page.evaluate("document.cookie") == ""
        page.locator("#display summary").click()
        page.locator("#display button", has_text="Log out").click()
        page.locator("#token").wait_for()
        page.goto(client.origin + "/")
        assert urlsplit(page.url).path == "/login"
        tab.close()


def test_commands_read_the_same_after_the_console_has_ended(browser, copied):
    place = copied()
    with running(place, "--lang", "ja") as client:
        tab = Tab(browser, client)
        assert tab.open().locator("h1").inner_text() == "監視概況"
        shown = number(stat(tab.page, "overview-open_alerts"))
        tab.close()
    assert len(sekisho("alerts", "--store", place, "--json").stdout.splitlines()) == shown
