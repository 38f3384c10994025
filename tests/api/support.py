"""What the tests of the API say to it."""

from typing import Any

import httpx2
from starlette.testclient import TestClient

Json = dict[str, Any]

STUDY: Json = {
    "name": "a study",
    "parameters": [
        {
            "name": "learning_rate",
            "kind": "ordered",
            "values": [0.001, 0.01, 0.1],
            "scale": "log",
        },
        {"name": "latent_dim", "kind": "ordered", "values": [8, 16, 32], "scale": "log"},
    ],
    "metrics": [{"name": "mse", "goal": "minimize"}],
}


class Api:
    """A few verbs of the REST API."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, path: str, **query: Any) -> Any:
        """GET a resource below /api/v1, which must be there."""
        return answer_of(self.client.get(f"/api/v1{path}", params=query))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """POST to a resource below /api/v1, which must work."""
        return answer_of(self.client.post(f"/api/v1{path}", json=body or {}, headers=headers))

    def study(self, **changes: Any) -> str:
        """Create a study; its id."""
        return str(self.post("/studies", STUDY | changes)["id"])

    def ask(self, study: str, **body: Any) -> Json:
        """Ask for one trial."""
        trial: Json = self.post(f"/studies/{study}/suggestions", body)["trials"][0]
        return trial

    def tell(self, study: str, number: int, value: float) -> Json:
        """Tell the result of a trial."""
        told: Json = self.post(f"/studies/{study}/trials/{number}/observation", {"value": value})
        return told

    def problem(self, method: str, path: str, status: int, code: str, **how: Any) -> Json:
        """Send what must be refused; the problem."""
        response = self.client.request(method, f"/api/v1{path}", **how)
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        problem: Json = response.json()
        assert problem["code"] == code, problem
        assert problem["status"] == status
        assert problem["request_id"] == response.headers["x-request-id"]
        return problem


def answer_of(response: httpx2.Response) -> Any:
    """Return what a successful answer says."""
    assert response.is_success, f"{response.request.url}: {response.status_code} {response.text}"
    return response.json() if response.content else None
