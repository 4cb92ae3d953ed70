"""The panels: every page, defined once.

``PAGES`` lists them in the order of the menu; ``bind`` makes a panel's SQL ready for an engine that takes parameters.
"""

from dashboards.panels.alert import ALERT
from dashboards.panels.alerts import ALERTS
from dashboards.panels.dos import DOS
from dashboards.panels.flows import FLOWS
from dashboards.panels.health import HEALTH
from dashboards.panels.host import HOST
from dashboards.panels.model import Kind, Level, Link, Page, Panel, Threshold, Unit, Words
from dashboards.panels.overview import OVERVIEW
from dashboards.panels.protocols import PROTOCOLS
from dashboards.panels.routing import Request, bind, grain_of, parameters_of, source_of, step_for
from dashboards.panels.zones import ZONES

PAGES: tuple[Page, ...] = (OVERVIEW, ZONES, ALERTS, DOS, FLOWS, HOST, PROTOCOLS, HEALTH, ALERT)
"""Every page, in the order of the menu; those that are not listed are reached by a link."""


def page(page_id: str) -> Page:
    """Return a page by its id; KeyError where there is none."""
    for one in PAGES:
        if one.id == page_id:
            return one
    raise KeyError(page_id)


__all__ = ["PAGES", "Kind", "Level", "Link", "Page", "Panel", "Request", "Threshold", "Unit", "Words", "bind",
           "grain_of", "page", "parameters_of", "source_of", "step_for"]
