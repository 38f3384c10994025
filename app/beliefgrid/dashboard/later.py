"""What takes longer than a page may: a place on it that fills itself, and a page of its own.

Without scripts the place is a link to that page.
"""

from dataclasses import dataclass
from typing import ClassVar

from beliefgrid.dashboard import layout
from beliefgrid.dashboard.parts import Lead
from beliefgrid.dashboard.render import PageContext, Part


@dataclass(frozen=True, slots=True)
class Later:
    """The place of a part that is fetched when it comes into view."""

    part_name: str
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class LaterPage(PageContext):
    """The page that has this part alone."""

    template: ClassVar[str] = "pages/later.html"

    frame: layout.Frame
    head: layout.StudyHead
    lead: Lead
    part: Part
