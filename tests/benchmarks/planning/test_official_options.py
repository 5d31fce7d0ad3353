from benchmarks.planning.catalog import Catalog
from benchmarks.planning.official_options import official_options


def test_options_of_suites_are_official_except_short_ones() -> None:
    """`mqar` is trained at one length; `quick` and the profiles have toy options."""
    found = official_options(Catalog.read())
    assert found["mqar"] == [{"mixed": False, "batch_size": 16}]
    assert found["split-digits"]
    assert not any("train_length" in options for options in found["induction"])
    assert not any("steps" in options for options in found.get("association", []))
