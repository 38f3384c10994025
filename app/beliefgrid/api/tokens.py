"""Access tokens: made, listed, revoked."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import Response
from pydantic import ConfigDict, Field, StringConstraints

from beliefgrid.actions import tokens
from beliefgrid.actions.counted import Heard
from beliefgrid.actions.tokens import TokenView
from beliefgrid.api.answers import NewTokenOut, TokenOut, TokensOut
from beliefgrid.api.caller import Admin, Key, answered
from beliefgrid.api.described import problems
from beliefgrid.api.requests import Body
from beliefgrid.api.route import router as new_router
from beliefgrid.api.texts import Name, Number

router = new_router("tokens")


class TokenIn(Body):
    """A new token."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "gpu-cluster", "scopes": ["work"], "days": 30}}
    )

    name: Name
    scopes: Annotated[
        list[Literal["read", "work", "write", "admin"]], Field(min_length=1, max_length=4)
    ]
    study: Annotated[str, StringConstraints(max_length=40, pattern=r"^st_[0-9a-z]+$")] | None = None
    days: Annotated[Number, Field(gt=0, le=3650)] | None = Field(
        default=None, description="How long it is good for; for ever if it is not said."
    )


@router.post(
    "/tokens",
    status_code=201,
    response_model=NewTokenOut,
    operation_id="create_token",
    responses=problems(404, 409, body=True),
)
async def create_token(caller: Admin, body: TokenIn, key: Key = None) -> Response:
    """Make a token; its secret is in this answer and nowhere else.

    A repeat with the same Idempotency-Key answers the same token with a new secret, and the
    earlier one opens nothing: secrets are not stored. Once the token was used it is refused (409).
    """
    service = caller.service
    ends = {"expires_at": service.clock() + timedelta(days=body.days)} if body.days else {}
    heard: Heard[tuple[str, TokenView]] = Heard(_without_secret)
    answer = await service.write_once(
        await caller.once(key),
        heard,
        tokens.create_token,
        name=body.name,
        scopes=body.scopes,
        study_id=body.study,
        **ends,
    )
    made = heard.of(answer)
    found = TokenOut.model_validate_json(answer.body, strict=False)
    secret = made[0] if made else await service.write(tokens.renew_token, found.id)
    shown = NewTokenOut(**found.model_dump(), token=secret)
    return answered(replace(answer, body=shown.model_dump_json()))


def _without_secret(made: tuple[str, TokenView]) -> tuple[int, str]:
    return 201, TokenOut.model_validate(made[1]).model_dump_json()


@router.get("/tokens", response_model=TokensOut, operation_id="list_tokens", responses=problems())
async def list_tokens(caller: Admin) -> TokensOut:
    """List the tokens, without their secrets."""
    return TokensOut.model_validate({"items": await caller.service.read(tokens.list_tokens)})


@router.delete(
    "/tokens/{token}", status_code=204, operation_id="revoke_token", responses=problems(404)
)
async def revoke_token(caller: Admin, token: Name) -> Response:
    """Make a token useless within a second."""
    await caller.service.write(tokens.revoke_token, token)
    return Response(status_code=204)
