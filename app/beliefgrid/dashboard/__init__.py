"""HTML for people: pages drawn on the server, and what their charts ask for."""

from beliefgrid.dashboard.bodies import Bodies
from beliefgrid.dashboard.install import install

__all__ = ["Bodies", "install"]
