"""Policies to begin with: one for each separation model, and one for any network, as commented TOML."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

PRESETS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "alpha": ("alpha", "α (work in LGWAN)", ("common", "alpha")),
    "alpha-prime": ("alpha-prime", "α' (α with local breakout)", ("common", "alpha", "alpha-prime")),
    "beta": ("beta", "β (work on the Internet side)", ("common", "beta")),
    "beta-prime": ("beta-prime", "β' (important systems there too)", ("common", "beta", "beta-prime")),
    "free": ("free", "any network", ("free",)),
}
"""Name of a preset -> the model it is for, what that is, and the parts that its file is made of."""

NOT_APPROVED = "(draft, not approved)"
_PLACE = Path(__file__).parent / "presets"


def preset_text(preset: str, *, city: str, today: dt.date, approved_by: str = NOT_APPROVED) -> str:
    """Return the text of a preset (a key of PRESETS) with its dates: reviews are due in a year.

    It passes the checks as it stands; its addresses are fictional, and its approval is for its owner to give.
    """
    model, words, parts = PRESETS[preset]
    text = "".join((_PLACE / f"{part}.toml").read_text("utf-8") for part in parts)
    marks = {
        "PRESET": preset, "MODEL": model, "MODEL_WORDS": words, "TODAY": today.isoformat(),
        "REVIEW_BY": (today + dt.timedelta(days=365)).isoformat(), "CITY": _inside_quotes(city),
        "APPROVED_BY": _inside_quotes(approved_by), "EDGE": ', "business"' if preset == "beta-prime" else "",
    }
    return re.sub(r"@([A-Z_]+)@", lambda mark: marks[mark.group(1)], text)


def _inside_quotes(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
