"""What may be said of a study. Unknown fields are refused, so that a typing error is seen."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from beliefgrid.api.texts import (
    MOST_INTEGER,
    Assignments,
    Level,
    Name,
    Notes,
    Number,
    Tags,
    Whole,
    Word,
)

MOST_PARAMETERS = 16
MOST_LEVELS = 10_000
MOST_METRICS = 50
MOST_RULES = 1_000
MOST_ROWS = 10_000
MOST_WEIGHTS = 1_000_000

Levels = Annotated[list[Level], Field(min_length=1, max_length=MOST_LEVELS)]
Weights = Annotated[list[Number], Field(max_length=MOST_LEVELS)]
Formula = Annotated[str, Field(min_length=1, max_length=300)]
Forbidden = Annotated[dict[Name, Levels | Level], Field(max_length=MOST_PARAMETERS)]
Positive = Annotated[Number, Field(gt=0)]


def _numbers(table: list[Any]) -> list[Any]:
    """Refuse a table that holds anything but finite numbers, or too many of them."""
    level: list[Any] = table
    count = 0
    while level:
        inner: list[Any] = []
        for value in level:
            if isinstance(value, list):
                inner.extend(value)
            elif isinstance(value, bool) or not isinstance(value, int | float):
                raise PydanticCustomError("prior_table_invalid", "expected numbers in nested lists")
            elif abs(value) > MAX_WEIGHT:
                raise PydanticCustomError("prior_table_invalid", "expected weights up to 1e300")
        count += len(level)
        if count > 2 * MOST_WEIGHTS:
            raise PydanticCustomError("prior_table_invalid", "expected at most a million weights")
        level = inner
    return table


MAX_WEIGHT = 1e300
Table = Annotated[list[Any], AfterValidator(_numbers)]


class Body(BaseModel):
    """What every body has in common: strict types, no unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    def given(self) -> dict[str, Any]:
        """Return what was said, and nothing that was not."""
        return self.model_dump(exclude_unset=True)


class ParameterIn(Body):
    """One axis of the grid: its levels as a list, or as a range."""

    name: Name
    kind: Word = Field(description="`ordered` or `categorical`.")
    values: Annotated[list[Level], Field(max_length=MOST_LEVELS)] | None = Field(
        default=None, description="The levels, as the worker is to get them."
    )
    low: Number | None = Field(default=None, description="The first level of a range.")
    high: Number | None = Field(default=None, description="The last level of a range.")
    levels: Annotated[int, Field(ge=1, le=MOST_LEVELS)] | None = Field(
        default=None, description="How many levels a range has."
    )
    scale: Word | None = Field(
        default=None, description="`linear`, `log` or `rank`: how far levels are from each other."
    )

    when: Annotated[dict[Name, Levels | Level], Field(max_length=MOST_PARAMETERS)] | None = Field(
        default=None,
        description="It matters only where each of these parameters has one of these values.",
    )

    def definition(self) -> dict[str, Any]:
        """Return the parameter as the engine reads it."""
        return {name: value for name, value in self.given().items() if value is not None}


class MetricIn(Body):
    """What workers report."""

    name: Name
    goal: Literal["minimize", "maximize"] = "minimize"
    role: Literal["objective", "constraint", "record"] = Field(
        default="objective",
        description="Exactly one metric is the objective; `record` is only kept.",
    )


class StrategyIn(Body):
    """How the next cell is chosen, and how belief follows from results."""

    name: Word | None = Field(default=None, description="`bayes`, `grid` or `random`.")
    likelihood: Word | None = Field(
        default=None, description="`gp`, `inverse_loss` or `boltzmann`."
    )
    acquisition: Word | None = Field(
        default=None, description="`ei`, `p_best`, `thompson` or `lcb`."
    )
    similarity: Annotated[dict[Name, Number], Field(max_length=MOST_PARAMETERS)] | None = Field(
        default=None,
        description="For the two simple likelihoods: how alike neighbouring levels are.",
    )


class WeightIn(Body):
    """The weight of one cell."""

    assignments: Assignments
    weight: Number


class PriorIn(Body):
    """What is believed before the first result: which cells may be the best."""

    axes: Annotated[dict[Name, Weights], Field(max_length=MOST_PARAMETERS)] | None = None
    table: Table | None = Field(
        default=None, description="Nested lists of weights, in the order of cells."
    )
    cells: Annotated[list[WeightIn], Field(max_length=MOST_ROWS)] | None = None
    confidence: Number | None = None


class BudgetIn(Body):
    """When to end in any case."""

    trials: Annotated[int, Field(ge=1, le=MOST_INTEGER)] | None = None
    seconds: Positive | None = None


class StoppingIn(Body):
    """When enough is known."""

    regret: Number | None = None
    probability: Number | None = None
    action: Word | None = Field(default=None, description="`advise` or `stop`.")


class ComparisonIn(Body):
    """What must hold between two numbers, parameters or formulas."""

    left: Number | Formula
    op: Word = Field(description="`<=`, `>=`, `<`, `>`, `==` or `!=`.")
    right: Number | Formula


class ConstraintsIn(Body):
    """Which cells are not searched."""

    forbid: Annotated[list[Forbidden], Field(max_length=MOST_RULES)] | None = Field(
        default=None,
        description="Tables: a cell with one of the values of each parameter is excluded.",
    )
    require: Annotated[list[Formula | ComparisonIn], Field(max_length=MOST_RULES)] | None = Field(
        default=None,
        description="Comparisons that must hold, as `block_x * block_y <= 1024`.",
    )


class DefinitionIn(Body):
    """What is searched, and how."""

    parameters: Annotated[list[ParameterIn], Field(max_length=MOST_PARAMETERS)]
    metrics: Annotated[list[MetricIn], Field(max_length=MOST_METRICS)]
    prior: PriorIn | None = None
    strategy: StrategyIn | None = None
    noise: Word | None = Field(
        default=None,
        description="`none`, `some` or `high`. With `high` and a budget of trials the last tenth "
        "of them measures the leading cells again.",
    )
    constraints: ConstraintsIn | None = Field(
        default=None, description="Which cells are not searched."
    )
    budget: BudgetIn | None = None
    stopping: StoppingIn | None = None
    seed: Annotated[Whole, Field(ge=0)] | None = None
    retries: Annotated[int, Field(ge=0, le=100)] | None = Field(
        default=None,
        description="How often a cell whose trials fail is tried again; then it is infeasible.",
    )

    def definition(self) -> dict[str, Any]:
        """Return the definition as the engine reads it."""
        names = ("prior", "strategy", "budget", "stopping", "constraints")
        found = {name: _without_none(part) for name in names if (part := getattr(self, name))}
        found |= {name: getattr(self, name) for name in ("noise", "seed", "retries")}
        return found | {
            "parameters": [parameter.definition() for parameter in self.parameters],
            "metrics": [metric.model_dump() for metric in self.metrics],
        }


class StudyIn(DefinitionIn):
    """A new study."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "autoencoder",
                "parameters": [
                    {
                        "name": "learning_rate",
                        "kind": "ordered",
                        "values": [0.001, 0.01, 0.1],
                        "scale": "log",
                    },
                    {
                        "name": "latent_dim",
                        "kind": "ordered",
                        "values": [8, 16, 32],
                        "scale": "log",
                    },
                ],
                "metrics": [{"name": "mse", "goal": "minimize"}],
                "budget": {"trials": 9},
            }
        }
    )

    name: Name
    notes: Notes = ""
    tags: Tags = Field(default_factory=list)


class StudyPatch(Body):
    """What of a study may change.

    `parameters` are the same ones with other levels: every cell keeps what is known of it.
    `constraints` are all rules from now on; null takes them away.
    """

    model_config = ConfigDict(
        json_schema_extra={"example": {"notes": "second data set", "tags": ["mri"]}}
    )

    name: Name = ""
    notes: Notes = ""
    tags: Tags = Field(default_factory=list)
    state: Literal["active", "paused", "exhausted", "archived"] = "active"
    parameters: Annotated[list[ParameterIn], Field(max_length=MOST_PARAMETERS)] = Field(
        default_factory=list,
        description="The study's own parameters, with levels added or removed.",
    )
    constraints: ConstraintsIn | None = Field(
        default=None, description="Which cells are not searched from now on."
    )
    budget: BudgetIn | None = None
    stopping: StoppingIn | None = None

    def changes(self) -> dict[str, Any]:
        """Return what is to change."""
        found = self.given()
        parts: dict[str, Any] = {
            name: _without_none(getattr(self, name))
            for name in ("budget", "stopping", "constraints")
        }
        parts["parameters"] = [parameter.definition() for parameter in self.parameters]
        return found | {name: part for name, part in parts.items() if name in found}


class PriorPut(Body):
    """A new prior; none is the uniform one."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"prior": {"axes": {"learning_rate": [1, 2, 1]}}}}
    )

    prior: PriorIn | None

    def definition(self) -> dict[str, Any] | None:
        """Return the prior as the engine reads it."""
        return _without_none(self.prior)


def _without_none(part: BaseModel | None) -> dict[str, Any] | None:
    return None if part is None else part.model_dump(exclude_none=True)
