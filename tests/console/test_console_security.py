"""Who may ask the console, and what a page of another site, a rebound name or a crowd of requests can do: nothing."""

import http.client
import socket
import time

import pytest

from tests.support.console import Client, running

TOKEN = "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def guarded(copied, tmp_path_factory):
    """A console that asks for a token (as one on another address does), known as soc.example too."""
    place = tmp_path_factory.mktemp("token") / "token"
    place.write_text(f"{TOKEN}\n")
    place.chmod(0o600)
    with running(copied(), "--token-file", place, "--name", "soc.example") as client:
        yield client


def login(client: Client, token: str, **headers: str):
    own = {"Origin": client.origin, "Content_Type": "application/x-www-form-urlencoded"}
    return client.ask("POST", "/login", body=f"token={token}".encode(), **own | headers)


class TestWithoutToken:
    @pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example", "", "127.0.0.1@evil",
                                      "127.0.0.1:99999999", "127.0.0.1 evil", "[::1", "soc.example"])
    def test_a_rebound_name_gets_nothing(self, console, host):
        for path in ("/", "/api/facts", "/api/alerts", "/static/main.js"):
            answer = console.get(path, Host=host)
            assert answer.status in (400, 421), path
            assert b"SELECT" not in answer.body
            assert b"csrf" not in answer.body.replace(b'"code":"no_csrf"', b"")

    @pytest.mark.parametrize("host", ["localhost:{}", "127.0.0.1:{}", "[::1]:{}", "LOCALHOST"])
    def test_our_own_names_are_known(self, console, host):
        assert console.get("/api/facts", Host=host.format(console.port)).status == 200

    @pytest.mark.parametrize("headers", [
        {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "https://127.0.0.1"},
        {"X_Sekisho_CSRF": ""}, {"X_Sekisho_CSRF": "x" * 32}, {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"}, {"Content_Type": "text/plain"},
        {"Content_Type": "application/x-www-form-urlencoded"},
    ], ids=str)
    def test_another_site_cannot_act(self, console, headers):
        alert = console.rows("/api/alerts", console.whole | {"limit": 1})[0]
        path = f"/api/alert/{alert['run_id']}/{alert['alert_id']}"
        answer = console.post(f"{path}/actions", {"action": "closed", "actor": "evil"}, **headers)
        assert answer.status in (403, 415)
        assert console.get(path).json["actions"] == []

    def test_another_site_cannot_read(self, console):
        for site in ("cross-site", "same-site"):
            assert console.get("/api/facts", Sec_Fetch_Site=site, Sec_Fetch_Mode="cors").status == 403
            assert console.get("/api/alerts", Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate",
                               Sec_Fetch_Dest="document").status == 403
            assert console.get("/static/main.js", Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors",
                               Sec_Fetch_Dest="script").status == 403

    def test_a_link_from_elsewhere_opens_the_page(self, console):
        answer = console.get("/p/zones", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate",
                             Sec_Fetch_Dest="document")
        assert answer.status == 200
        assert console.get("/p/zones", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate",
                           Sec_Fetch_Dest="iframe").status == 403

    @pytest.mark.parametrize("path", ["/", "/api/facts", "/api/none", "/static/main.js", "/static/none", "/alert/x/1"])
    def test_every_answer_carries_the_headers(self, console, path):
        headers = console.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers
        assert not any(name.startswith("access-control") for name in headers)

    def test_pages_hold_no_script_of_their_own(self, console):
        for path in ("/", "/static/login.html"):
            page = console.get(path).text
            assert "<script>" not in page
            assert "style=" not in page
            assert " on" not in page.replace(" on ", " ").replace("content", "")
            assert "http://" not in page
            assert "https://" not in page

    @pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py",
                                      "/static//etc/passwd", "/static/%2fetc%2fpasswd", "/static/manifest.json%00"])
    def test_only_assets_are_served(self, console, path):
        answer = console.get(path)
        assert answer.status in (400, 404)
        assert b"import" not in answer.body
        assert b"root:" not in answer.body

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
    def test_other_methods_are_refused(self, console, method):
        assert console.ask(method, "/api/alerts").status in (400, 403, 404, 405)

    def test_a_body_that_is_too_large(self, console):
        answer = console.post("/api/alert/r/1/actions", {"action": "comment", "comment": "x" * 20_000, "actor": "a"})
        assert answer.status == 413

    def test_a_body_that_is_too_large_and_does_not_say_so(self, console):
        chunks = b"".join(b"1000\r\n" + b"x" * 0x1000 + b"\r\n" for _ in range(8)) + b"0\r\n\r\n"
        head = ("POST /api/alert/r/1/actions HTTP/1.1\r\n"
                f"Host: 127.0.0.1:{console.port}\r\nOrigin: {console.origin}\r\n"
                f"X-Sekisho-CSRF: {console.facts['csrf']}\r\nTransfer-Encoding: chunked\r\n\r\n")
        with socket.create_connection(("127.0.0.1", console.port), timeout=20) as link:
            link.sendall(head.encode() + chunks)
            assert b" 413 " in link.recv(200)

    def test_a_body_that_never_ends_is_given_up(self, console):
        head = ("POST /api/alert/r/1/actions HTTP/1.1\r\n"
                f"Host: 127.0.0.1:{console.port}\r\nOrigin: {console.origin}\r\n"
                f"X-Sekisho-CSRF: {console.facts['csrf']}\r\nContent-Length: 100\r\n\r\n{{")
        with socket.create_connection(("127.0.0.1", console.port), timeout=25) as link:
            began = time.monotonic()
            link.sendall(head.encode())
            assert b" 504 " in link.recv(200)
            assert time.monotonic() - began < 20

    @pytest.mark.parametrize("size", [5_000, 60_000])
    def test_an_address_that_is_too_long(self, console, size):
        assert console.ask("GET", "/api/alerts?text=" + "x" * size).status in (400, 414)

    def test_json_that_is_none(self, console):
        own = {"Origin": console.origin, "Content_Type": "application/json", "X_Sekisho_CSRF": console.facts["csrf"]}
        for body in (b"", b"{", b"\xff", b"[" * 9000):
            answer = console.ask("POST", "/api/alert/r/1/actions", body=body, **own)
            assert answer.status == 400, body[:10]

    def test_sql_in_every_parameter_stays_text(self, console):
        evil = "' OR 1=1) UNION ALL SELECT toString(1) --"
        known = console.facts["range"]
        for path, names in (("/api/alerts", ("detector", "src_zone", "run", "text", "zone", "site", "sensor")),
                            ("/api/flows", ("src_zone", "dst_zone", "conduit", "community_id", "run", "zone"))):
            for name in names:
                assert console.rows(path, console.whole | {name: evil}) == [], (path, name)
                assert console.rows(path, console.whole | {name: "\\"}) == [], (path, name)
        assert console.facts["range"] == known

    def test_a_crowd_is_served(self, console):
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(20) as crowd:
            ever = {"from": 0, "to": 4_200_000_000_000}
            answers = list(crowd.map(lambda _: console.get("/api/panel/zones/flow_matrix", ever), range(60)))
        assert {a.status for a in answers} == {200}
        assert len({a.body.partition(b'"ms"')[0] for a in answers}) == 1


class TestWithToken:
    @pytest.mark.parametrize("path", ["/api/facts", "/api/alerts", "/api/flows", "/api/panel/overview/services",
                                      "/api/alert/r/1", "/api/alert/r/1/packets"])
    def test_nothing_without_login(self, guarded, path):
        guarded.cookie = ""
        for cookie in ("", "sekisho_session=", "sekisho_session=x", "sekisho_session=%00", "garbage;;=", "="):
            answer = guarded.get(path, Cookie=cookie)
            assert answer.status == 401
            assert answer.json["error"]["code"] == "login"

    def test_pages_lead_to_the_login(self, guarded):
        answer = guarded.get("/p/zones")
        assert (answer.status, answer.headers["location"]) == (303, "/login")
        assert guarded.get("/login").status == 200
        assert guarded.get("/static/style.css").status == 200

    def test_login_and_logout(self, guarded):
        answer = login(guarded, TOKEN)
        assert answer.status == 303
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert TOKEN not in cookie
        guarded.cookie = cookie.partition(";")[0]
        assert guarded.get("/api/facts").json["login"] is True
        assert guarded.get("/api/facts", Host=f"soc.example:{guarded.port}").status == 200
        done = guarded.post("/logout", {})
        assert done.status == 204
        assert guarded.get("/api/facts").status == 401
        guarded.cookie = ""

    def test_a_wrong_token_waits_and_opens_nothing(self, guarded):
        began = time.monotonic()
        answer = login(guarded, TOKEN[:-1])
        assert time.monotonic() - began > 0.4
        assert answer.headers["location"] == "/login?wrong"
        assert "set-cookie" not in answer.headers

    def test_another_site_cannot_log_somebody_in(self, guarded):
        assert login(guarded, TOKEN, Origin="http://evil.example").status == 403

    def test_guessing_is_braked(self, copied, tmp_path):
        place = tmp_path / "token"
        place.write_text(TOKEN)
        place.chmod(0o600)
        with running(copied(), "--token-file", place) as client:
            wrong = [login(client, "wrong").status for _ in range(9)]
            assert wrong[0] == 303
            assert wrong[-1] == 429
            assert login(client, TOKEN).status == 429


def test_loopback_is_the_default(console):
    with pytest.raises((ConnectionRefusedError, OSError)):
        http.client.HTTPConnection(_own_address(), console.port, timeout=3).connect()


def _own_address() -> str:
    """Return an address of this machine that is not loopback; where there is none, one of 127/8 nobody listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.2"


def test_another_address_asks_for_a_token_it_makes_itself(copied):
    with running(copied(), "--host", "0.0.0.0") as client:
        assert client.get("/api/facts").status == 401
    said = [line for line in client.err if "token to log in with" in line]
    assert len(said) == 1
    assert any("unencrypted" in line for line in client.err)


@pytest.mark.parametrize(("text", "mode", "word"), [
    ("short", 0o600, "letters"), (TOKEN, 0o644, "other users"), (None, 0, "cannot be read"),
])
def test_token_files_that_will_not_do(tmp_path, text, mode, word):
    from columns.errors import UsageError
    from dashboards.console import token_from

    place = tmp_path / "token"
    if text is not None:
        place.write_text(text)
        place.chmod(mode)
    with pytest.raises(UsageError, match=word):
        token_from(place)
