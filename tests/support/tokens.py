"""The second for which a server trusts what it knows of a token."""

from typing import cast

from fastapi import FastAPI
from starlette.testclient import TestClient


def let_a_second_pass(client: TestClient) -> None:
    """Make a client's application look its tokens up again."""
    cast("FastAPI", client.app).state.doorman.forget()
