from reports.tables import formats
from reports.tables.number_format import MINUS
from reports.tables.tables import Column, Row, Table

HOSTILE = Table(
    "<b>caption</b>",
    (Column("<i>"), Column("n", numeric=True)),
    (Row(("<img src=x>|`[a](b)`\nc", "1")),),
)


def test_markdown_escapes() -> None:
    text = formats.markdown(HOSTILE)
    assert "&lt;img src=x&gt;\\|\\`\\[a\\](b)\\` c" in text
    assert len(text.splitlines()) == 3


def test_plain_text_has_names_as_they_are_and_no_control_characters() -> None:
    table = Table("", (Column("a_b"),), (Row(("mqar[steps=1]\x1b[31m\nc",)),))
    assert formats.plain(table).splitlines()[::2] == ["a_b", "mqar[steps=1]?[31m c"]


def test_html_escapes() -> None:
    text = formats.page_table(HOSTILE)
    assert "<img" not in text
    assert "<i>" not in text
    assert "<span>&lt;b&gt;caption" in text


def test_latex_escapes() -> None:
    text = formats.latex(Table("", (Column("a_b"),), (Row((f"50% & \\input{{x}} ± {MINUS}1",)),)))
    assert r"50\% \& \textbackslash{}input\{x\} $\pm$ $-$1" in text
    assert r"a\_b" in text


def test_addresses_do_not_become_links() -> None:
    assert "https://" not in formats.markdown_text("see https://evil.example")


def test_groups_are_headings_above_their_rows() -> None:
    columns = (Column("group"), Column("model"))
    table = Table(
        "", columns, (Row(("x", "a")), Row(("x", "b")), Row(("y", "a"))), heading=1, grouped=True
    )
    text = formats.page_table(table)
    assert [text.count(f'<th scope="rowgroup" colspan="1">{group}</th>') for group in "xy"] == [
        1,
        1,
    ]
    assert text.count("<tbody>") == text.count("</tbody>") == 2
