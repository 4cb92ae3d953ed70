"""The panels: every page, defined once.

``PAGES`` lists them in the order of the menu; ``bind`` makes a panel's SQL ready for an engine that takes parameters.
"""

from dashboards.panels.model import Kind, Level, Link, Page, Panel, Threshold, Unit, Words
from dashboards.panels.overview import OVERVIEW
from dashboards.panels.routing import Request, bind, parameters_of, step_for

PAGES: tuple[Page, ...] = (OVERVIEW,)


def page(page_id: str) -> Page:
    """Return a page by its id; KeyError where there is none."""
    for one in PAGES:
        if one.id == page_id:
            return one
    raise KeyError(page_id)


__all__ = ["PAGES", "Kind", "Level", "Link", "Page", "Panel", "Request", "Threshold", "Unit", "Words", "bind", "page",
           "parameters_of", "step_for"]
