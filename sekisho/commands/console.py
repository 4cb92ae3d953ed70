"""sekisho console: the web page of a store, on this machine."""

from __future__ import annotations

import getpass
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sekisho.commands.options import ConfigOption, LangOption, StoreOption, examples

if TYPE_CHECKING:
    from dashboards.console import Access
    from sekisho.terminal import Screen

EXAMPLES = examples(
    "sekisho console --zones zones.toml",
    "sekisho console --store demo/store --port 9000 --lang ja --no-open",
    "sekisho console --host 0.0.0.0 --name soc.example.jp --token-file token --tls-cert cert.pem --tls-key key.pem",
)


def console(
    store: StoreOption = None,
    config: ConfigOption = None,
    zones: Annotated[Path | None, typer.Option(
        "--zones", metavar="FILE", help="The zone policy: names of zones in Japanese, conduits that nobody used, and "
        "the line that decided about an alert. [default: that of the configuration]")] = None,
    host: Annotated[str, typer.Option(
        "--host", metavar="ADDRESS", help="Address to listen on. Any but loopback asks visitors for a token. "
        "[default: 127.0.0.1]")] = "127.0.0.1",
    port: Annotated[int, typer.Option(
        "--port", metavar="PORT", min=0, max=65535, help="Port to listen on; 0 for any free one.")] = 8790,
    name: Annotated[list[str] | None, typer.Option(
        "--name", metavar="HOST", help="Host name under which browsers may reach it, besides localhost and addresses; "
        "may be given several times.")] = None,
    token_file: Annotated[Path | None, typer.Option(
        "--token-file", metavar="FILE", help="File with the token to log in with (mode 600). Without it, and where "
        "one is needed, a new token is made and shown.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(
        "--tls-cert", metavar="FILE", help="Certificate (PEM) to serve HTTPS with.")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="Its private key (PEM).")] = None,
    open_page: Annotated[bool, typer.Option(
        "--open/--no-open", help="Open the page in the browser of this machine.")] = True,
    lang: LangOption = None,
) -> None:
    """Serve the store as a web page on this machine: the panels of every dashboard, the alert queue, what is known of
    each alert, the flow search.

    Nothing is fetched from elsewhere, and only what people do about alerts is written. An embedded store belongs
    to the console while it runs: end it with Ctrl-C before another command uses the store.
    """
    from sekisho.reading import existing_store
    from sekisho.terminal import Screen

    screen = Screen(lang)
    access = _access(screen, host, port, name or [], token_file, tls_cert, tls_key)
    knowledge = _knowledge(screen, config, zones)
    with existing_store(store, config) as opened:
        _serve(screen, opened, access, knowledge, (tls_cert, tls_key), open_page=open_page)


def _access(screen: Screen, host: str, port: int, names: list[str], token_file: Path | None, cert: Path | None,
            key: Path | None) -> Access:
    """Return who may ask; a token that was made is shown once, on the terminal only."""
    from columns.errors import UsageError
    from dashboards.console import Access, is_loopback, new_token, token_from

    if (cert is None) != (key is None):
        raise UsageError("--tls-cert and --tls-key belong together", where="console")
    token = token_from(token_file) if token_file else "" if is_loopback(host) else new_token()
    if token and not token_file:
        screen.note(f"token to log in with: {token}")
    if not is_loopback(host) and cert is None:
        screen.note("token and pages travel unencrypted: use --tls-cert and --tls-key, or loopback with an SSH tunnel")
    return Access(host=host, port=port, token=token, names=tuple(names), tls=cert is not None)


@dataclass
class _Knowledge:
    """What the policy adds to what the store knows."""

    config: Path | None
    zones: Path | None
    zone_names: dict[str, str] = field(default_factory=dict)
    page_values: dict[str, list[str]] = field(default_factory=dict)

    def explain(self, store: Any, run: str, alert_id: int, lang: str, packets: int) -> dict[str, Any]:
        """Return all that is known of an alert; UsageError when there is none."""
        from sekisho.explaining import explanation
        from sekisho.language import Lang

        told = explanation(store, alert_id, run, config=self.config, zones=self.zones, packets=packets,
                           lang=Lang(lang))
        return told.as_dict() | {"policy_known": told.policy_known}


def _knowledge(screen: Screen, config: Path | None, zones: Path | None) -> _Knowledge:
    """Return what the policy knows; without one, zones are shown by their ids."""
    from sekisho.config import load_settings
    from zones import load_policy

    known = _Knowledge(config, zones)
    path = str(zones or load_settings(config).replay.zones)
    if not path:
        screen.note("no zone policy: zones are shown by their ids; --zones FILE adds names and policy lines")
        return known
    policy = load_policy(path)
    known.zone_names = {zone.name: zone.ja for zone in policy.zones if zone.ja}
    known.page_values = {"policy_zones": list(policy.zone_names),
                         "policy_conduits": [name for name in policy.conduit_names if name]}
    return known


def _serve(screen: Screen, store: Any, access: Access, known: _Knowledge, tls: tuple[Path | None, Path | None], *,
           open_page: bool) -> None:
    """Listen, say where, and serve until Ctrl-C."""
    from dashboards.console import Console, build_app, listening_socket, open_browser, serve, url_of
    from sekisho import __version__

    bound = listening_socket(access.host, access.port)
    url = url_of(bound, tls=access.tls)
    app = build_app(Console(store, known.explain, access, version=__version__, lang=str(screen.words.lang),
                            zone_names=known.zone_names, page_values=known.page_values, actor=_user()))

    def ready() -> None:
        screen.line(url)
        screen.flush()
        screen.note(screen.words("the console answers; Ctrl-C ends it"))
        if open_page:
            open_browser(url)

    cert, key = tls
    serve(app, bound, cert=str(cert or ""), key=str(key or ""), ready=ready)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return ""
