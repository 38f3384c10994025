"""The application for `uvicorn app.main:app` from a checkout."""

from beliefgrid.main import create_app

app = create_app()
