"""Access tokens: made, listed, revoked."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import Response
from pydantic import ConfigDict, Field, StringConstraints

from beliefgrid.actions import tokens
from beliefgrid.api.answers import NewTokenOut, TokensOut
from beliefgrid.api.caller import Admin
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
    responses=problems(404, body=True),
)
async def create_token(caller: Admin, body: TokenIn) -> NewTokenOut:
    """Make a token; its secret is in this answer and nowhere else.

    There is no Idempotency-Key here, because the answer that it stores would hold the secret.
    """
    service = caller.service
    ends = {"expires_at": service.clock() + timedelta(days=body.days)} if body.days else {}
    made: Any = await service.write(
        tokens.create_token, name=body.name, scopes=body.scopes, study_id=body.study, **ends
    )
    return NewTokenOut.of(made)


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
