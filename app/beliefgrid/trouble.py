"""What becomes of errors: a problem for programs, a page for people."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from beliefgrid.actions.errors import ActionError
from beliefgrid.api import problems
from beliefgrid.dashboard.pages.trouble import trouble_page
from beliefgrid.search import SearchError
from beliefgrid.security.headers import knock


def install(app: FastAPI) -> None:
    """Register how each family of errors is answered."""

    async def action(request: Request, error: Exception) -> Response:
        assert isinstance(error, ActionError)  # noqa: S101 - what it is registered for
        return _shown(request, problems.of_action(request, error), str(error))

    async def search(request: Request, error: Exception) -> Response:
        assert isinstance(error, SearchError)  # noqa: S101 - what it is registered for
        return _shown(request, problems.of_search(request, error), str(error))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
        detail = str(error.detail)
        said = {"Not Found": "there is no page at this address"}.get(detail, detail)
        return _shown(request, problems.of_http(request, error), said)

    async def validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
        return _shown(request, problems.of_validation(request, error.errors()), "wrong input")

    app.add_exception_handler(ActionError, action)
    app.add_exception_handler(SearchError, search)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, validation)


def _shown(request: Request, problem: Response, detail: str) -> Response:
    """Return the problem, or a page that says the same."""
    if not knock(request.scope, request.scope.get("root_path", "")).wants_page:
        return problem
    title = {404: "Not found", 405: "Not possible here"}.get(problem.status_code, "Refused")
    page = trouble_page(request, problem.status_code, title, detail)
    if "retry-after" in problem.headers:
        page.headers["retry-after"] = problem.headers["retry-after"]
    return page
