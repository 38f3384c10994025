"""Whatever bytes come, the answer is a problem of the client's, short and quick: never a 5xx."""

import json
from typing import Any

import pytest

from tests.api.support import STUDY, Api

JSON = {"Content-Type": "application/json"}


def _axis(name: str, values: list[int]) -> dict[str, Any]:
    return {"name": name, "kind": "ordered", "values": values}


HUGE = b'{"seed": ' + b"9" * 5000 + b"}"
LONG_AXIS = _axis("a", list(range(20_000)))
MANY_AXES = [_axis(f"p{i}", [1, 2]) for i in range(17)]


def _study(**changes: Any) -> bytes:
    return json.dumps(STUDY | changes).encode()


BODIES: list[tuple[str, bytes, dict[str, str], int, str]] = [
    ("nan", b'{"seed": NaN}', JSON, 422, "non_finite_value"),
    ("1e400", b'{"seed": 1e400}', JSON, 422, "non_finite_value"),
    ("lone surrogate", _study(name="\ud800"), JSON, 422, "request_invalid"),
    ("nul", _study(name="a\x00b"), JSON, 422, "request_invalid"),
    ("turned text", _study(name="a\u202eb"), JSON, 422, "request_invalid"),
    ("number as text", _study(seed="10"), JSON, 422, "request_invalid"),
    ("truth as number", _study(seed=True), JSON, 422, "request_invalid"),
    ("huge seed", _study(seed=10**30), JSON, 422, "request_invalid"),
    ("huge int", HUGE, JSON, 422, "non_finite_value"),
    ("unknown keys", _study(**{f"k{i}": 1 for i in range(1000)}), JSON, 422, "request_invalid"),
    ("duplicate keys", b'{"name": "a", "name": "b"}', JSON, 400, "json_duplicate_key"),
    ("utf-16", _study().decode().encode("utf-16"), JSON, 400, "json_invalid"),
    ("bom", b"\xef\xbb\xbf" + _study(), JSON, 400, "json_invalid"),
    ("broken utf-8", b'{"name": "\xff"}', JSON, 400, "json_invalid"),
    ("deep", b"[" * 100_000, JSON, 400, "json_too_deep"),
    ("deep and closed", b'{"prior":' * 50 + b"1" + b"}" * 50, JSON, 400, "json_too_deep"),
    ("a list", b"[]", JSON, 422, "request_invalid"),
    ("null", b"null", JSON, 422, "request_invalid"),
    ("nothing", b"", JSON, 422, "request_invalid"),
    ("half", b'{"name": "a"', JSON, 400, "json_invalid"),
    ("no type", _study(), {}, 415, "content_type_invalid"),
    ("form type", _study(), {"Content-Type": "text/plain"}, 415, "content_type_invalid"),
    ("packed", _study(), JSON | {"Content-Encoding": "gzip"}, 415, "content_encoding_invalid"),
    ("long name", _study(name="x" * 100_000), JSON, 422, "request_invalid"),
    ("no name", _study(name=""), JSON, 422, "request_invalid"),
    ("many levels", _study(parameters=[LONG_AXIS]), JSON, 422, "request_invalid"),
    ("many parameters", _study(parameters=MANY_AXES), JSON, 422, "request_invalid"),
    ("prior of texts", _study(prior={"table": [["a"]]}), JSON, 422, "request_invalid"),
    ("long key", _study(), JSON | {"Idempotency-Key": "x" * 60_000}, 422, "request_invalid"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [entry[1:] for entry in BODIES],
    ids=[entry[0] for entry in BODIES],
)
def test_a_hostile_body_is_refused(
    api: Api, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    """Each with its own code, without repeating what came, and nothing is stored."""
    before = len(api.get("/studies", limit=1000)["items"])

    problem = api.problem("POST", "/studies", status, code, content=body, headers=headers)

    assert len(json.dumps(problem)) < 10_000
    assert "xxxxxxxxxx" not in json.dumps(problem)
    assert len(api.get("/studies", limit=1000)["items"]) == before


def test_a_body_that_is_too_long_is_not_read(api: Api) -> None:
    """413, whether it says its length or not."""
    study = api.study()
    number = api.ask(study)["number"]
    path = f"/studies/{study}/trials/{number}/observation"
    long = b'{"value": ' + b" " * 2_000_000 + b"1}"

    api.problem("POST", path, 413, "body_too_large", content=long, headers=JSON)
    api.problem(
        "POST",
        path,
        413,
        "body_too_large",
        content=(long[i : i + 65536] for i in range(0, len(long), 65536)),
        headers=JSON,
    )


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/studies/" + "9" * 300, 422, "request_invalid"),
        ("/studies/nope", 404, "study_unknown"),
        ("/studies/%00", 404, "study_unknown"),
        ("/studies/%ff%fe", 404, "study_unknown"),
        ("/studies/name:%00", 404, "study_unknown"),
        ("/studies/name:nobody", 404, "study_unknown"),
        ("/studies/%F0%9F%92%A9", 404, "study_unknown"),
        ("/studies/nope/trials/" + "9" * 30, 422, "request_invalid"),
        ("/studies/nope/trials/-1", 422, "request_invalid"),
        ("/studies/nope/trials/x", 422, "request_invalid"),
        ("/studies/nope/snapshots/" + "9" * 30, 422, "request_invalid"),
        ("/studies/nope/trials/1%2e5", 422, "request_invalid"),
        ("/nowhere", 404, "not_found"),
        ("/../../etc/passwd", 404, "not_found"),
    ],
)
def test_a_hostile_address_is_refused(api: Api, path: str, status: int, code: str) -> None:
    """Long numbers, NULs, broken UTF-8."""
    api.problem("GET", path, status, code)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "1001"},
        {"limit": "1e9"},
        {"cursor": "x" * 501},
        {"state": "nope"},
        {"q": "x" * 201},
    ],
)
def test_a_hostile_query_is_refused(api: Api, query: dict[str, str]) -> None:
    """Bounds are checked before the database is asked."""
    api.problem("GET", "/studies", 422, "request_invalid", params=query)


@pytest.mark.parametrize("q", ["%", "_", "\\", "'; DROP TABLE studies; --", "\x00", "\ud83d"])
def test_a_search_is_only_a_search(api: Api, q: str) -> None:
    """Nothing in it is a pattern or a statement."""
    try:
        q.encode()
    except UnicodeEncodeError:
        return  # it cannot be sent
    assert api.client.get("/api/v1/studies", params={"q": q}).status_code == 200


def test_a_method_that_is_not_there_is_named(api: Api) -> None:
    """405 with Allow."""
    response = api.client.put("/api/v1/studies")

    assert response.status_code == 405
    assert response.json()["code"] == "method_not_allowed"
    assert response.headers["allow"]


@pytest.mark.parametrize(
    "metadata", [{"k": "x" * 20_000}, {"k": "\x00"}, {"\ud800": 1}, {"k": float("inf")}]
)
def test_metadata_is_bounded_and_storable(api: Api, metadata: dict[str, Any]) -> None:
    """What cannot be stored everywhere is refused everywhere."""
    study = api.study()
    number = api.ask(study)["number"]

    response = api.client.post(
        f"/api/v1/studies/{study}/trials/{number}/observation",
        content=json.dumps({"value": 1, "metadata": metadata}),
        headers=JSON,
    )

    assert response.status_code == 422
    assert api.get(f"/studies/{study}/trials/{number}")["state"] == "active"
