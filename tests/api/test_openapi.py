"""The OpenAPI document is complete, stable and true."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from beliefgrid.api.links import NEXT
from tests.api.support import STUDY, Api

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    """The document that the service gives out."""
    found: dict[str, Any] = client.get("/api/v1/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return path, method and description of every operation."""
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def fail_five_times(api: Api, study: str) -> None:
    """Let the worker of the examples fail until it gets nothing more."""
    for _ in range(5):
        number = api.ask(study, worker="gpu-3")["number"]
        api.post(f"/studies/{study}/trials/{number}/failure", {"kind": "failed", "reason": "x"})


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    """Generated clients rely on them."""
    names = [operation["operationId"] for _, _, operation in operations(document)]

    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalpha() for name in names)


def test_every_body_has_an_example(document: dict[str, Any]) -> None:
    """A reader can copy one."""
    for path, _, operation in operations(document):
        body = operation.get("requestBody")
        if body is None:
            continue
        schema = body["content"]["application/json"]["schema"]
        name = schema["$ref"].rpartition("/")[2]
        assert "example" in document["components"]["schemas"][name], (path, name)


def test_every_refusal_is_a_problem(document: dict[str, Any]) -> None:
    """No operation documents the framework's own error shape."""
    for path, method, operation in operations(document):
        assert "422" in operation["responses"], path
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (path, method)
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_every_example_works(api: Api, document: dict[str, Any]) -> None:
    """Each example of a body is sent where it belongs, in an order in which it makes sense."""
    schemas = document["components"]["schemas"]
    sent = set()
    for path, method, operation in operations(document):
        body = operation.get("requestBody")
        if body is None:
            continue
        schema = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        study = api.study()
        number = api.ask(study, worker="w")["number"]
        if operation["operationId"] == "correct_observation":
            api.tell(study, number, 0.5)
        if operation["operationId"] == "release_worker":
            fail_five_times(api, study)
        address = path.format(study=study, number=number)
        answer = api.client.request(method, address, json=schemas[schema]["example"])
        assert answer.is_success, (path, answer.text)
        assert str(answer.status_code) in operation["responses"], (path, answer.status_code)
        sent.add(schema)

    assert {"StudyIn", "ObservationIn", "FailureIn", "BatchIn", "ExportIn", "TokenIn"} <= sent


def test_the_reference_page_needs_nothing_from_outside(client: TestClient) -> None:
    """Every operation and code is on it, without a script or another host."""
    page = client.get("/api/v1/docs")

    assert page.status_code == 200
    assert "script" not in page.text
    assert "http://" not in page.text
    assert 'id="suggest"' in page.text
    assert 'id="trial_unknown"' in page.text


def test_an_answer_has_exactly_the_documented_fields(api: Api, document: dict[str, Any]) -> None:
    """A field that is not documented never leaves the service."""
    study = api.post("/studies", STUDY)
    trial = api.ask(study["id"])
    schemas = document["components"]["schemas"]

    assert set(study) == set(schemas["StudyOut"]["properties"])
    assert set(trial) == set(schemas["GrantedTrial"]["properties"])


def test_links_lead_to_requests_that_work(api: Api, document: dict[str, Any]) -> None:
    """Each names an operation and its parameters; what it takes of the answer is there."""
    found = {
        operation["operationId"]: (path, operation) for path, _, operation in operations(document)
    }
    study = api.post("/studies", STUDY)
    asked = api.post(f"/studies/{study['id']}/suggestions", {})
    answers = {"create_study": study, "suggest": asked}

    linked = set()
    for name, (_, operation) in found.items():
        for answer in operation["responses"].values():
            for link in answer.get("links", {}).values():
                linked.add(name)
                path, _ = found[link["operationId"]]
                for parameter, expression in link["parameters"].items():
                    assert f"{{{parameter}}}" in path
                    if name in answers and expression.startswith("$response.body#"):
                        assert pointed(answers[name], expression.partition("#/")[2]) is not None
    assert linked == set(NEXT)


def pointed(body: Any, pointer: str) -> Any:
    """Return what a JSON pointer leads to."""
    for step in pointer.split("/"):
        body = body[int(step) if isinstance(body, list) else step]
    return body
