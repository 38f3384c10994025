"""Which requests follow from an answer, in the OpenAPI document: what a program may do next."""

from typing import Any

_STUDY = {"study": "$response.body#/id"}
_SUGGESTED = {"study": "$request.path.study", "number": "$response.body#/trials/0/number"}
_ADDED = {"study": "$request.path.study", "number": "$response.body#/number"}
_OF_STUDY = (
    "get_study", "change_study", "delete_study", "restore_study", "set_prior", "suggest",
    "add_trial", "import_observations", "list_trials", "list_snapshots", "get_posterior",
    "export_study",
)  # fmt: skip
_OF_TRIAL = (
    "get_trial", "observe", "heartbeat", "measure", "fail", "release", "stop", "describe_trial",
    "correct_observation", "explain_trial", "delete_trial", "restore_trial",
)  # fmt: skip

# From the success of an operation: which parameters of which others its answer fills.
NEXT: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "create_study": (_STUDY, _OF_STUDY),
    "import_study": (_STUDY, _OF_STUDY),
    "suggest": (_SUGGESTED, _OF_TRIAL),
    "add_trial": (_ADDED, _OF_TRIAL),
    "create_token": ({"token": "$response.body#/id"}, ("revoke_token",)),
    "create_webhook": ({"webhook": "$response.body#/id"}, ("remove_webhook",)),
}


def add_links(document: dict[str, Any]) -> None:
    """Write the links into a document."""
    for item in document["paths"].values():
        for operation in item.values():
            parameters, others = NEXT.get(operation["operationId"], ({}, ()))
            for status, answer in operation["responses"].items():
                if others and status in {"200", "201"}:
                    answer["links"] = {
                        name: {"operationId": name, "parameters": parameters} for name in others
                    }
