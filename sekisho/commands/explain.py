"""sekisho explain: everything that is known of one alert."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sekisho.commands.options import (
    ConfigOption,
    JsonOption,
    LangOption,
    RunOption,
    StoreOption,
    examples,
)

EXAMPLES = examples(
    "sekisho explain 4821930518279441",
    "sekisho explain 4821930518279441 --zones zones.toml --lang ja",
    "sekisho explain 4821930518279441 --packets 20 --json",
)


def explain(
    alert_id: Annotated[int, typer.Argument(metavar="ALERT_ID", help="Id of the alert, as `sekisho alerts` lists it.")],
    store: StoreOption = None,
    run: RunOption = None,
    config: ConfigOption = None,
    zones: Annotated[Path | None, typer.Option(
        "--zones", metavar="FILE", help="The zone policy, to show the line that decided. [default: that of the "
        "configuration]")] = None,
    packets: Annotated[int, typer.Option(
        "--packets", metavar="N", min=0, max=1000, help="Show at most this many packets of the flow; 0 for none.")] = 4,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Explain an alert: why, the numbers and the threshold, the policy line and what differs from it, the flow, how
    the alert developed, under which digests it was made, the first steps, and the flow's packets.

    The packets are read again from the captures of the run, and dissected by tshark (through pyshark) where both
    are installed, else described by our own decoder. What cannot be shown is said.
    """
    from sekisho.explaining import explanation
    from sekisho.explanation_text import print_explanation
    from sekisho.reading import existing_store
    from sekisho.terminal import Screen

    screen = Screen(lang)
    with existing_store(store, config) as opened:
        told = explanation(opened, alert_id, run, config=config, zones=zones, packets=packets,
                           lang=screen.words.lang)
    if as_json:
        screen.json(told.as_dict())
    else:
        print_explanation(screen, told)
