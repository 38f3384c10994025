"""What cannot be searched, and why: each kind of bad input is one class with a stable code."""

from typing import ClassVar


class SearchError(ValueError):
    """The engine cannot use what it was given; the message says what was expected."""

    code: ClassVar[str] = "search_error"


# ---------------------------------------------------------------- the grid
class ParametersMissingError(SearchError):
    """A grid needs at least one parameter."""

    code = "parameters_missing"


class ParametersTooManyError(SearchError):
    """There are more parameters than an array may have axes."""

    code = "parameters_too_many"


class ParameterNameInvalidError(SearchError):
    """A parameter's name is not a text with something in it."""

    code = "parameter_name_invalid"


class ParameterNameDuplicateError(SearchError):
    """Two parameters have the same name."""

    code = "parameter_name_duplicate"


class ParameterKindUnknownError(SearchError):
    """A parameter is neither ordered nor categorical."""

    code = "parameter_kind_unknown"


class ValuesMissingError(SearchError):
    """A parameter has no values."""

    code = "values_missing"


class ValuesDuplicateError(SearchError):
    """A parameter has the same value twice."""

    code = "values_duplicate"


class ValueInvalidError(SearchError):
    """A parameter's value is not a finite number, a text or a truth value."""

    code = "value_invalid"


class ScaleInvalidError(SearchError):
    """A scale is unknown, or does not suit the parameter's values."""

    code = "scale_invalid"


class ScaleLogNonpositiveError(SearchError):
    """A logarithmic scale was asked for values that are not all above zero."""

    code = "scale_log_nonpositive"


class RangeInvalidError(SearchError):
    """A range is not {low, high, levels} with low below high."""

    code = "range_invalid"


class GridTooLargeError(SearchError):
    """The grid, or one of its axes, is larger than the engine can hold."""

    code = "grid_too_large"


# ---------------------------------------------------------------- which cells are searched
class ConditionInvalidError(SearchError):
    """A parameter's `when` is not {parameter: [values]}."""

    code = "condition_invalid"


class ConditionParameterUnknownError(SearchError):
    """A parameter depends on one that does not exist."""

    code = "condition_parameter_unknown"


class ConditionValueUnknownError(SearchError):
    """A parameter depends on a value that another one does not have."""

    code = "condition_value_unknown"


class ConditionCircularError(SearchError):
    """A parameter depends on itself, directly or by way of others."""

    code = "condition_circular"


class ConstraintsInvalidError(SearchError):
    """Constraints are not {forbid: [tables], require: [comparisons]}."""

    code = "constraints_invalid"


class ConstraintSyntaxError(SearchError):
    """A comparison cannot be read."""

    code = "constraint_syntax"


class ConstraintParameterUnknownError(SearchError):
    """A rule names a parameter that the grid does not have."""

    code = "constraint_parameter_unknown"


class ConstraintValueUnknownError(SearchError):
    """A rule names a value that its parameter does not have."""

    code = "constraint_value_unknown"


class ConstraintKindError(SearchError):
    """A rule computes with texts, or asks which of two texts is larger."""

    code = "constraint_kind"


class ConstraintsExcludeAllError(SearchError):
    """The rules leave no cell to test."""

    code = "constraints_exclude_all"


# ---------------------------------------------------------------- the prior
class PriorInvalidError(SearchError):
    """A prior is neither axes, nor a table, nor cells."""

    code = "prior_invalid"


class PriorTooLargeError(PriorInvalidError):
    """A prior over more than a million cells is not given per axis."""

    code = "prior_too_large"


class PriorShapeError(PriorInvalidError):
    """A prior has another shape than the grid."""

    code = "prior_shape"


class PriorNegativeError(PriorInvalidError):
    """A prior weight is below zero or not finite."""

    code = "prior_negative"


class PriorZeroError(PriorInvalidError):
    """All weights of a prior are zero."""

    code = "prior_zero"


# ---------------------------------------------------------------- the rest of a definition
class GoalInvalidError(SearchError):
    """A goal is neither minimize nor maximize."""

    code = "goal_invalid"


class SeedInvalidError(SearchError):
    """A seed is not a whole number from 0 on."""

    code = "seed_invalid"


class StrategyInvalidError(SearchError):
    """A strategy is unknown, or does not suit the study."""

    code = "strategy_invalid"


class StoppingInvalidError(SearchError):
    """A stopping rule has a field that cannot be used."""

    code = "stopping_invalid"


class NoiseInvalidError(SearchError):
    """The noise is none of none, some, high."""

    code = "noise_invalid"


# ---------------------------------------------------------------- results
class ValueNotFiniteError(SearchError):
    """A result is not a finite number."""

    code = "value_not_finite"


class LossNotPositiveError(SearchError):
    """The rule 1/loss met a loss that is not above zero."""

    code = "loss_not_positive"


class StddevInvalidError(SearchError):
    """The standard deviation of a result is negative or infinite."""

    code = "stddev_invalid"


class CellUnknownError(SearchError):
    """A cell's number lies outside the grid."""

    code = "cell_unknown"


# ---------------------------------------------------------------- questions about the grid
class AssignmentMissingError(SearchError):
    """A combination does not name every parameter."""

    code = "assignment_missing"


class AssignmentUnknownError(SearchError):
    """A combination names a parameter that the grid does not have."""

    code = "assignment_unknown"


class AxisUnknownError(SearchError):
    """A matrix was asked for along a parameter that the grid does not have."""

    code = "axis_unknown"


class LevelUnknownError(SearchError):
    """A slice was asked for at a value that is not a level of its parameter."""

    code = "level_unknown"


class ReduceUnknownError(SearchError):
    """A matrix was asked for with an unknown way to reduce the other axes."""

    code = "reduce_unknown"


class LayerUnknownError(SearchError):
    """A layer was asked for that does not exist."""

    code = "layer_unknown"


class LayerTooLargeError(SearchError):
    """A layer over a grid of more than a million cells was asked for as a whole."""

    code = "layer_too_large"


class FieldShapeError(SearchError):
    """A field has another number of cells than the grid."""

    code = "field_shape"


class ThetaInvalidError(SearchError):
    """Stored hyperparameters do not belong to this grid."""

    code = "theta_invalid"
