"""What takes longer than a page may: a place on it that fills itself, and a page of its own.

Without scripts the place is a link to that page.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import ClassVar

from fastapi import Request, Response

from beliefgrid.actions.views import StudyView
from beliefgrid.dashboard import layout
from beliefgrid.dashboard.links import Links, links_of
from beliefgrid.dashboard.parts import Lead
from beliefgrid.dashboard.render import PageContext, Part, respond


@dataclass(frozen=True, slots=True)
class Later:
    """The place of a part that is fetched when it comes into view."""

    part_name: str
    title: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterPart(Part):
    """A part that has a page of its own: its finding in a sentence, and where its numbers are."""

    title: str
    sentence: str
    help_href: str
    json_href: str
    problem: str = ""  # why there is no finding


@dataclass(frozen=True, slots=True)
class LaterPage(PageContext):
    """The page that has this part alone."""

    template: ClassVar[str] = "pages/later.html"

    frame: layout.Frame
    head: layout.StudyHead
    lead: Lead
    part: LaterPart


@dataclass(frozen=True, slots=True)
class Topic:
    """What such a part is about: its name, the tab it belongs to, and what it answers."""

    name: str  # as in the page's address and its head
    part: type[LaterPart]
    title: str
    tab: str
    help: str  # the word of the glossary
    questions: tuple[str, ...]

    def place(self, links: Links, study: StudyView) -> Later:
        """Return the place on another page that shows the part."""
        name = PurePosixPath(self.part.template).stem
        return Later(name, self.title, links.study(study.id, self.name))

    def said(
        self, links: Links, study: StudyView, sentence: str, problem: str = ""
    ) -> dict[str, str]:
        """Return what every part says."""
        return {
            "title": self.title,
            "sentence": sentence,
            "help_href": links.help(self.help),
            "json_href": links.api(f"/studies/{study.id}/{self.name}"),
            "problem": problem,
        }

    def page(self, request: Request, study: StudyView, part: LaterPart) -> Response:
        """Answer with the page."""
        links, name = links_of(request), self.name.capitalize()
        page = LaterPage(
            frame=layout.frame(request, f"{name} · {study.name}", study=study, is_live=True),
            head=layout.study_head(links, study, self.tab, title=name),
            lead=Lead(part.sentence or part.problem, self.questions),
            part=part,
        )
        return respond(request, page)
