"""Rows by index, against hand-computed values."""

import torch

from memnet.rows import add_rows, take_rows


def test_rows_are_taken_and_added_by_table() -> None:
    """Two tables of three rows; the second table's rows are 10 and more."""
    table = torch.tensor([[[[0.0], [1.0], [2.0]], [[10.0], [11.0], [12.0]]]])
    index = torch.tensor([[[2, 2], [0, 1]]])
    assert take_rows(table, index).flatten().tolist() == [2.0, 2.0, 10.0, 11.0]
    rows = torch.tensor([[[[100.0], [200.0]], [[300.0], [400.0]]]])
    assert add_rows(table, index, rows).flatten().tolist() == [0, 1, 302, 310, 411, 12]
