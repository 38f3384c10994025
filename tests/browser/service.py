"""What browser tests put into the service over HTTP."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2

Answer = dict[str, Any]


class Api:
    """A few verbs of the REST API."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def get(self, path: str, **query: Any) -> Any:
        """GET a resource below /api/v1."""
        return self._answer(self._client.get(f"/api/v1{path}", params=query))

    def text(self, path: str) -> str:
        """GET what is beside the API, as text."""
        return self._client.get(path).raise_for_status().text

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST to a resource below /api/v1."""
        return self._answer(self._client.post(f"/api/v1{path}", json=body))

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """PATCH a resource below /api/v1."""
        return self._answer(self._client.patch(f"/api/v1{path}", json=body))

    def create(
        self,
        parameters: Mapping[str, Sequence[Any]],
        *,
        results: Sequence[tuple[Mapping[str, Any], float]] = (),
        **definition: Any,
    ) -> str:
        """Create a study with some results; return its id when the posterior has seen them."""
        study = self.post(
            "/studies",
            {
                "name": "a study",
                "parameters": [
                    {"name": name, "values": list(values), **_kind(values)}
                    for name, values in parameters.items()
                ],
                "metrics": [{"name": "mse", "goal": "minimize"}],
                **definition,
            },
        )["id"]
        for assignments, value in results:
            self.import_result(study, assignments, value)
        return str(study)

    def import_result(self, study: str, assignments: Mapping[str, Any], value: float) -> int:
        """Import a result and wait for the snapshot that has seen it."""
        before = self.results_seen(study)
        trial = self.post(
            f"/studies/{study}/trials",
            {"assignments": dict(assignments), "observation": {"value": value}},
        )
        self.wait_for_results(study, before + 1)
        return int(trial["number"])

    def suggest(self, study: str, worker: str = "w") -> Answer:
        """Ask for one trial."""
        answer = self.post(f"/studies/{study}/suggestions", {"worker": worker})
        trial: Answer = answer["trials"][0]
        return trial

    def observe(self, study: str, number: int, value: float) -> None:
        """Tell the result of a trial."""
        self.post(f"/studies/{study}/trials/{number}/observation", {"value": value})

    def fail(self, study: str, number: int, kind: str) -> None:
        """Tell that a trial failed."""
        self.post(
            f"/studies/{study}/trials/{number}/failure", {"kind": kind, "reason": "out of memory"}
        )

    def snapshots(self, study: str) -> list[Answer]:
        """Return all snapshots, oldest first."""
        found = self.get(f"/studies/{study}/snapshots")
        items: list[Answer] = found["items"] if isinstance(found, dict) else found
        return items

    def results_seen(self, study: str) -> int:
        """Return how many results the newest snapshot has seen."""
        snapshots = self.snapshots(study)
        return int(snapshots[-1]["n_observations"]) if snapshots else 0

    def wait_for_results(self, study: str, count: int) -> None:
        """Wait until the newest snapshot has seen some results."""
        deadline = time.monotonic() + 20
        while self.results_seen(study) < count:
            assert time.monotonic() < deadline, f"no snapshot with {count} results"
            time.sleep(0.05)

    @staticmethod
    def _answer(response: httpx2.Response) -> Any:
        assert response.is_success, f"{response.request.url}: {response.text}"
        return response.json()


def _kind(values: Sequence[Any]) -> Answer:
    if all(isinstance(value, (int, float)) for value in values):
        return {"kind": "ordered", "scale": "linear"}
    return {"kind": "categorical"}
