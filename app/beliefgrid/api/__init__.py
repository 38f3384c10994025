"""JSON for programs: the resources of /api/v1, one file a resource."""

from beliefgrid.api.install import API_PREFIX, install, install_watching

__all__ = ["API_PREFIX", "install", "install_watching"]
