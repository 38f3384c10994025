"""The OpenAPI document: FastAPI's, with our one shape for errors."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from beliefgrid.api.links import add_links
from beliefgrid.api.problems import FieldProblem, Problem

REF = "#/components/schemas/{model}"


def document(app: FastAPI) -> dict[str, Any]:
    """Return the document of an application, made once."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes
        )
        schemas = found["components"]["schemas"]
        for model in (Problem, FieldProblem):
            schema = model.model_json_schema(ref_template=REF)
            schema.pop("$defs", None)
            schemas[model.__name__] = schema
        _secure(found)
        add_links(found)
        app.openapi_schema = found
    return app.openapi_schema


def _secure(found: dict[str, Any]) -> None:
    """Say how a token is sent; on a loopback address none is needed."""
    found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    found["security"] = [{"token": []}, {}]
