"""Lines to copy: how to fill what is empty, for the address that the reader is at."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from beliefgrid.actions.views import StudyView

EXAMPLE: dict[str, Any] = {
    "name": "autoencoder",
    "parameters": [
        {"name": "learning_rate", "kind": "ordered", "values": [0.001, 0.01, 0.1], "scale": "log"},
        {"name": "latent_dim", "kind": "ordered", "values": [8, 16, 32], "scale": "log"},
    ],
    "metrics": [{"name": "mse", "goal": "minimize"}],
}


@dataclass(frozen=True, slots=True)
class Snippet:
    """Lines of one language that do one thing."""

    language: str
    needs: str
    code: str


@dataclass(frozen=True, slots=True)
class Place:
    """Which study, at which address, and whether a token is needed there."""

    base: str
    study: StudyView
    needs_token: bool

    @property
    def resource(self) -> str:
        """The address of the study for programs."""
        return f"{self.base}/api/v1/studies/{self.study.id}"

    @property
    def metric(self) -> str:
        """The name of the objective."""
        return self.study.metric


def first_study(base_url: str) -> str:
    """Return the lines that create a study."""
    lines = (f' "{key}": {json.dumps(value)}' for key, value in EXAMPLE.items())
    body = "{" + ",\n".join(lines).replace("}, {", "},\n   {") + "}"
    return (
        f"curl -X POST {base_url.rstrip('/')}/api/v1/studies \\\n"
        f"  -H 'Content-Type: application/json' -d '{body}'"
    )


def workers(base_url: str, study: StudyView, *, needs_token: bool) -> list[Snippet]:
    """Return a worker's loop in each language, for a study."""
    place = Place(base_url.rstrip("/"), study, needs_token)
    makers: list[Callable[[Place], Snippet]] = [
        _python,
        _curl,
        _javascript,
        _r,
        _julia,
    ]
    return [make(place) for make in makers]


def _python(at: Place) -> Snippet:
    names = [parameter["name"] for parameter in at.study.parameters]
    takes = ", ".join(names) if all(name.isidentifier() for name in names) else "**combination"
    token = ', token=os.environ["BELIEFGRID_TOKEN"]' if at.needs_token else ""
    imports = "import os\n\n" if at.needs_token else ""
    code = f"""{imports}from beliefgrid_client import Client


def train({takes}):
    ...  # train, and return the {at.metric}, which is to {at.study.goal}


study = Client("{at.base}"{token}).study("{at.study.id}")
print(study.run(train, workers=2))
"""
    return Snippet("Python", "pip install beliefgrid-client", code)


def _curl(at: Place) -> Snippet:
    token = '  -H "Authorization: Bearer $BELIEFGRID_TOKEN" \\\n' if at.needs_token else ""
    code = f"""# Ask for a combination. The answer has the trial's number and its assignments.
curl -X POST {at.resource}/suggestions \\
{token}  -H 'Content-Type: application/json' -d '{{"worker": "my-machine"}}'

# Tell the {at.metric} of trial 1.
curl -X POST {at.resource}/trials/1/observation \\
{token}  -H 'Content-Type: application/json' -d '{{"value": 0.15}}'
"""
    return Snippet("curl", "", code)


def _javascript(at: Place) -> Snippet:
    token = ", Authorization: `Bearer ${process.env.BELIEFGRID_TOKEN}`" if at.needs_token else ""
    code = f"""const at = "{at.resource}";

async function post(path, body) {{
  const headers = {{ "Content-Type": "application/json"{token} }};
  const answer = await fetch(at + path, {{ method: "POST", headers, body: JSON.stringify(body) }});
  if (!answer.ok) throw new Error((await answer.json()).detail);
  return answer.json();
}}

for (;;) {{
  const {{ trials }} = await post("/suggestions", {{ worker: "my-machine" }});
  const value = await train(trials[0].assignments); // yours: returns the {at.metric}
  await post(`/trials/${{trials[0].number}}/observation`, {{ value }});
}}
"""
    return Snippet("JavaScript", "Node 18 or newer, or a browser", code)


def _r(at: Place) -> Snippet:
    token = (
        '  asked <- req_auth_bearer_token(asked, Sys.getenv("BELIEFGRID_TOKEN"))\n'
        if at.needs_token
        else ""
    )
    code = f"""library(httr2)

post <- function(path, body) {{
  asked <- req_body_json(request(paste0("{at.resource}", path)), body)
{token}  resp_body_json(req_perform(asked))
}}

repeat {{
  trial <- post("/suggestions", list(worker = "my-machine"))$trials[[1]]
  value <- train(trial$assignments)  # yours: returns the {at.metric}
  post(paste0("/trials/", trial$number, "/observation"), list(value = value))
}}
"""
    return Snippet("R", 'install.packages(c("httr2", "jsonlite"))', code)


def _julia(at: Place) -> Snippet:
    token = ', "Authorization" => "Bearer $(ENV["BELIEFGRID_TOKEN"])"' if at.needs_token else ""
    code = f"""using HTTP, JSON

const AT = "{at.resource}"
post(path, body) = JSON.parse(String(HTTP.post(AT * path,
    ["Content-Type" => "application/json"{token}], JSON.json(body)).body))

while true
    trial = post("/suggestions", Dict("worker" => "my-machine"))["trials"][1]
    value = train(trial["assignments"])  # yours: returns the {at.metric}
    post("/trials/$(trial["number"])/observation", Dict("value" => value))
end
"""
    return Snippet("Julia", 'using Pkg; Pkg.add(["HTTP", "JSON"])', code)
