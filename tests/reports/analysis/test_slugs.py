import re

from reports.analysis.slugs import slug


def test_a_plain_name_is_its_own_slug() -> None:
    assert [slug(name) for name in ("a-b", "split-mnist", "0123456789abcdef")] == [
        "a-b",
        "split-mnist",
        "0123456789abcdef",
    ]


def test_slugs_are_safe_and_distinct() -> None:
    names = [
        "a-b",
        "a.b",
        "a_b",
        "a[b=1]",
        "A-b",
        "a--b",
        "../../a",
        "a/b",
        "",
        "é",
        "CON.",
        "x" * 500,
    ]
    slugs = [slug(name) for name in names]
    assert len({one.lower() for one in slugs}) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one) and len(one) < 80 for one in slugs)


def test_no_name_equals_the_slug_of_another() -> None:
    assert slug(slug("a.b")) != slug("a.b")
    assert slug(slug("é")) != slug("é")
