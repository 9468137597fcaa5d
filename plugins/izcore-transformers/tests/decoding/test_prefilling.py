"""Rows are prefilled in groups."""

from hypothesis import given, settings
from hypothesis import strategies as st

from izcore_transformers.decoding import prefilling


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 600), min_size=1, max_size=40))
def test_groups_cover_all_rows_in_order_within_the_limit(lengths: list[int]) -> None:
    lengths.sort(reverse=True)
    groups = prefilling.groups(lengths, "cpu")
    assert [place for begin, end in groups for place in range(begin, end)] == list(range(len(lengths)))
    most = prefilling.GROUP_TOKENS["cpu"]
    assert all((end - begin) * lengths[begin] <= most or end - begin == 1 for begin, end in groups)
