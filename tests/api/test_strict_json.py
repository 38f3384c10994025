"""JSON is read as the standard says, and nothing ambiguous passes."""

import pytest

from beliefgrid.api import strict_json
from beliefgrid.api.problems import RefusedError


def test_plain_json_is_read_as_it_is() -> None:
    """Objects, lists, texts and numbers come out as Python has them; an int stays an int."""
    found = strict_json.read('{"a": [1, 2.5, true, null, "ä"]}'.encode())

    assert found == {"a": [1, 2.5, True, None, "ä"]}
    assert isinstance(found["a"][0], int)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400", "-1e999", "9" * 500])
def test_numbers_that_are_none_are_refused_and_the_way_out_is_named(text: str) -> None:
    """A diverged result is told to go to /failure with the kind infeasible."""
    with pytest.raises(RefusedError, match=r"/failure.*infeasible") as refused:
        strict_json.read(f'{{"value": {text}}}'.encode())

    assert (refused.value.status_code, refused.value.code) == (422, "non_finite_value")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"a": 1, "a": 2}', "json_duplicate_key"),
        (b'{"a": {"b": 1, "b": 1}}', "json_duplicate_key"),
        ('{"a": 1}'.encode("utf-16"), "json_invalid"),
        ('{"a": 1}'.encode("utf-32"), "json_invalid"),
        (b'\xef\xbb\xbf{"a": 1}', "json_invalid"),
        (b"\xff\xfe", "json_invalid"),
        (b"{", "json_invalid"),
        (b"{'a': 1}", "json_invalid"),
        (b"[1,]", "json_invalid"),
        (b"", "json_invalid"),
        (b"[" * 100_000, "json_too_deep"),
        (b"[" * 40 + b"]" * 40, "json_too_deep"),
    ],
)
def test_what_is_not_plain_json_is_refused(body: bytes, code: str) -> None:
    """Each kind has its own code and is a mistake of the client."""
    with pytest.raises(RefusedError) as refused:
        strict_json.read(body)

    assert refused.value.code == code
    assert refused.value.status_code == 400


def test_nesting_as_deep_as_a_prior_needs_is_fine() -> None:
    """A table over sixteen axes in an object in an object is read."""
    body = b'{"prior": {"table": ' + b"[" * 16 + b"1" + b"]" * 16 + b"}}"

    assert strict_json.read(body)["prior"]["table"]


def test_many_lists_beside_each_other_are_not_deep() -> None:
    """Depth is counted, not brackets."""
    assert len(strict_json.read(b"[" + b"[1]," * 500 + b"[1]]")) == 501
