"""Where everything starts: `Client().study("my study")`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from beliefgrid_client.answers import StudyInfo, read
from beliefgrid_client.connection import connection
from beliefgrid_client.retry import Retry
from beliefgrid_client.study import Study, pages
from beliefgrid_client.transport import Transport, UrllibTransport

ID_PREFIX = "st_"


class Client:
    """A beliefgrid service.

    Args:
        url: its address; else BELIEFGRID_URL, else http://127.0.0.1:8000.
        token: what it wants to see; else BELIEFGRID_TOKEN, else none.
        spool: a folder where results wait until the service has them; else BELIEFGRID_SPOOL,
            else none: results then wait in memory, for a day.
        retry: how patient to be.
        timeout_s: how long one answer may take.
        transport: another way to send requests.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        spool: str | os.PathLike[str] | None = None,
        retry: Retry = Retry(),  # noqa: B008 - frozen
        timeout_s: float = 60.0,
        transport: Transport | None = None,
    ) -> None:
        self.connection = connection(
            url,
            token,
            spool=spool,
            retry=retry,
            timeout_s=timeout_s,
            transport=transport or UrllibTransport(),
        )

    def study(self, name_or_id: str) -> Study:
        """Return a study by its id, or the newest one of a name."""
        is_id = name_or_id.startswith(ID_PREFIX)
        address = quote(name_or_id if is_id else f"name:{name_or_id}", safe=":")
        return Study(self.connection, self.connection.get(f"/studies/{address}"))

    def create(
        self,
        name: str,
        *,
        parameters: Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]],
        metrics: Sequence[Mapping[str, Any]] = ({"name": "value", "goal": "minimize"},),
        **more: Any,
    ) -> Study:
        """Create a study.

        Args:
            name: what people call it.
            parameters: the axes as the service wants them, or just `{name: [values]}`: numbers
                are then ordered, all else is categorical.
            metrics: what workers report; exactly one has the role `objective`.
            more: prior, strategy, noise, budget, stopping, seed; see the reference.
        """
        body = {
            "name": name,
            "parameters": list(_axes(parameters)),
            "metrics": [dict(metric) for metric in metrics],
            **more,
        }
        return Study(self.connection, self.connection.post("/studies", body))

    def studies(self, *, state: str | None = None, q: str | None = None) -> Iterator[StudyInfo]:
        """Yield the studies; `q` is a part of their name."""
        for body in pages(self.connection, "/studies", state=state, q=q):
            yield read(StudyInfo, body)

    def deliver_spooled(self) -> int:
        """Send the results that an earlier run left in the spool; return how many were taken."""
        return self.connection.deliver_spooled()


def _axes(
    parameters: Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]],
) -> Iterator[dict[str, Any]]:
    if not isinstance(parameters, Mapping):
        yield from map(dict, parameters)
        return
    for name, values in parameters.items():
        is_ordered = all(type(value) in (int, float) for value in values)
        kind = "ordered" if is_ordered else "categorical"
        yield {"name": name, "kind": kind, "values": list(values)}
