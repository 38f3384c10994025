"""The API's reference as a page: made from the OpenAPI document, with nothing from outside."""

import json
from functools import lru_cache
from html import escape
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse

from beliefgrid.api.caller import Anyone
from beliefgrid.api.codes import all_codes
from beliefgrid.api.openapi import document
from beliefgrid.api.route import router as new_router

router = new_router("reference")
METHODS = ("get", "post", "put", "patch", "delete")


@router.get("/openapi.json", include_in_schema=False)
async def show_openapi(caller: Anyone) -> JSONResponse:
    """Return the OpenAPI document."""
    return JSONResponse(document(caller.request.app))


@router.get("/docs", include_in_schema=False)
async def show_docs(caller: Anyone) -> HTMLResponse:
    """Show every route, its bodies with an example, and every code."""
    request = caller.request
    return HTMLResponse(_page(_Document(document(request.app)), root_of(request)))


def root_of(request: Request) -> str:
    """Return the path that is put before ours."""
    return str(request.scope.get("root_path", ""))


class _Document:
    """An OpenAPI document as a key of the cache: there is one for an application."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Document) and other.content is self.content

    def __hash__(self) -> int:
        return id(self.content)


@lru_cache(maxsize=4)
def _page(document: _Document, root: str) -> str:
    content = document.content
    routes = "".join(
        _operation(path, method, operation, content)
        for path, methods in content["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    )
    codes = "".join(
        f'<tr id="{escape(code)}"><td><code>{escape(code)}</code></td><td>{status}</td>'
        f"<td>{escape(says)}</td></tr>"
        for code, status, says in all_codes()
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>beliefgrid: the REST API</title>
<link rel="stylesheet" href="{escape(root)}/static/css/reference.css"></head>
<body><main><h1>The REST API</h1>
<p>Every route lies below <code>{escape(root)}/api/v1</code>. The same as data:
<a href="{escape(root)}/api/v1/openapi.json">openapi.json</a>. Back to the
<a href="{escape(root)}/">studies</a>.</p>
<h2>Routes</h2>{routes}
<h2>Codes</h2>
<p>Errors are <code>application/problem+json</code> (RFC 9457); look at <code>code</code>.</p>
<table><thead><tr><th scope="col">code</th><th scope="col">status</th>
<th scope="col">meaning</th></tr></thead><tbody>{codes}</tbody></table>
</main></body></html>"""


def _operation(path: str, method: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    parameters = "".join(
        f"<li><code>{escape(p['name'])}</code> ({escape(p['in'])}"
        f"{', required' if p.get('required') else ''}) {escape(p.get('description', ''))}</li>"
        for p in operation.get("parameters", ())
    )
    statuses = "".join(
        f"<li>{escape(status)}: {escape(answer['description'])}</li>"
        for status, answer in sorted(operation["responses"].items())
    )
    return (
        f'<section id="{escape(operation["operationId"])}"><h3><code>{method.upper()} '
        f"{escape(path)}</code></h3><p>{escape(operation.get('description', ''))}</p>"
        f"{f'<ul>{parameters}</ul>' if parameters else ''}{_example(operation, document)}"
        f"<ul>{statuses}</ul></section>"
    )


def _example(operation: dict[str, Any], document: dict[str, Any]) -> str:
    body = operation.get("requestBody")
    if body is None:
        return ""
    schema = body["content"]["application/json"]["schema"]
    name = schema.get("$ref", "").rpartition("/")[2]
    example = document["components"]["schemas"].get(name, {}).get("example", {})
    return f"<pre>{escape(json.dumps(example, indent=2))}</pre>"
