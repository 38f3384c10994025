"""Webhooks: made, listed, removed."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import Response
from pydantic import ConfigDict, Field, StringConstraints

from beliefgrid.actions import webhooks
from beliefgrid.api.answers import Out
from beliefgrid.api.caller import Admin, Key, answered, rendered
from beliefgrid.api.described import problems
from beliefgrid.api.problems import RefusedError
from beliefgrid.api.requests import Body
from beliefgrid.api.route import router as new_router
from beliefgrid.posting import target_of

router = new_router("webhooks")
Kind = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z_]+$")]


class WebhookIn(Body):
    """A new webhook."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "url": "https://ci.example.org/hooks/beliefgrid",
                "kinds": ["trial_completed", "study_converged"],
            }
        }
    )

    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)] = Field(
        description="Where events are sent: https, and a public address."
    )
    kinds: Annotated[list[Kind], Field(max_length=50)] = Field(
        default=[], description="Which kinds of events; all if it is empty."
    )
    study: Annotated[str, StringConstraints(max_length=40, pattern=r"^st_[0-9a-z]+$")] | None = (
        Field(default=None, description="Only this study's events.")
    )


class WebhookOut(Out):
    """A webhook without its secret."""

    id: str
    url: str
    kinds: list[str]
    study_id: str | None
    secret_stored: bool = Field(
        description="Whether the database holds its secret: it was made before the key was."
    )
    created_by: str | None
    created_at: datetime
    waiting: int = Field(description="Events that it has not got yet.")
    given_up: int = Field(description="Events of the last week that it never took.")
    failures: int = Field(description="Failed attempts running.")
    last_error: str | None
    last_delivered_at: datetime | None


class NewWebhookOut(WebhookOut):
    """A webhook with the secret that signs its deliveries, shown this once."""

    secret: str


class WebhooksOut(Out):
    """All webhooks, newest first."""

    items: list[WebhookOut]


@router.post(
    "/webhooks",
    status_code=201,
    response_model=NewWebhookOut,
    operation_id="create_webhook",
    responses=problems(404, body=True),
)
async def create_webhook(caller: Admin, body: WebhookIn, key: Key = None) -> Response:
    """Have events sent to an address, signed with the secret in this answer."""
    _require_address(caller.request.app.state.settings.webhooks, body.url)
    signing = await caller.service.signing_key()
    if signing is None:
        raise RefusedError(
            403, "secret_key_missing", "webhooks on Postgres need BELIEFGRID_SECRET_KEY to be set"
        )
    answer = await caller.service.write_once(
        await caller.once(key),
        rendered(201, WebhookOut),
        webhooks.create_webhook,
        url=body.url,
        kinds=body.kinds,
        study_id=body.study,
        key=signing,
        actor=caller.actor,
    )
    found = WebhookOut.model_validate_json(answer.body)
    shown = NewWebhookOut(**found.model_dump(), secret=signing.secret_of(found.id))
    return answered(replace(answer, body=shown.model_dump_json()))


@router.get(
    "/webhooks", response_model=WebhooksOut, operation_id="list_webhooks", responses=problems()
)
async def list_webhooks(caller: Admin) -> WebhooksOut:
    """List the webhooks, without their secrets."""
    return WebhooksOut.model_validate({"items": await caller.service.read(webhooks.list_webhooks)})


@router.delete(
    "/webhooks/{webhook}", status_code=204, operation_id="remove_webhook", responses=problems(404)
)
async def remove_webhook(caller: Admin, webhook: str) -> Response:
    """Send nothing more to a webhook."""
    await caller.service.write(webhooks.remove_webhook, webhook)
    return Response(status_code=204)


def _require_address(allowed: str, url: str) -> None:
    if allowed == "off":
        raise RefusedError(403, "webhooks_off", "webhooks are off: BELIEFGRID_WEBHOOKS=off")
    try:
        target_of(url, any_address=allowed == "any")
    except ValueError as error:
        raise RefusedError(422, "webhook_url_invalid", str(error)) from None
