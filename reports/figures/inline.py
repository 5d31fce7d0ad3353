"""An SVG file made fit to stand inside a page: ids of its own, no prolog, no namespaces, and words for readers who can't see it."""

import re
from xml.etree import ElementTree

REFERENCE = re.compile(r"url\(#([^)]+)\)")


def inline(svg: str, *, prefix: str, label: str) -> str:
    """Rewrite a figure's SVG for a page that may hold many.

    Every id, and whatever refers to one, gets the prefix: matplotlib names glyphs and clip paths alike in all its figures. Of the sizes the
    view box alone stays, so that the page sets the width.

    Args:
        svg: What matplotlib wrote. Text from outside must not come here: it is parsed as XML.
        prefix: Unique within the page; letters, digits and hyphens.
        label: What the figure says.

    Returns:
        One ``svg`` element.
    """
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            if _local(child.tag) in {"metadata", "style"}:
                parent.remove(child)
    for element in root.iter():
        element.tag = _local(element.tag)
        attributes = {_local(name): value for name, value in element.attrib.items()}
        element.attrib.clear()
        element.attrib.update({name: _renamed(name, value, prefix) for name, value in attributes.items()})
        element.tail = None if not (element.tail or "").strip() else element.tail
    width = root.attrib.pop("width", "0pt").removesuffix("pt")
    root.attrib.pop("height", None)
    # Points to CSS pixels: the size at which text on the figure is as large as it was drawn.
    style = f"stroke-linejoin:round;stroke-linecap:butt;max-width:{float(width) * 4 / 3:.0f}px"
    root.attrib.update({"role": "img", "aria-label": label, "style": style})
    return ElementTree.tostring(root, encoding="unicode")


def _renamed(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return f"{prefix}-{value}"
    if name == "href" and value.startswith("#"):
        return f"#{prefix}-{value[1:]}"
    return REFERENCE.sub(lambda match: f"url(#{prefix}-{match[1]})", value)


def _local(name: str) -> str:
    """Drop a namespace: a page's parser knows what belongs to SVG."""
    return name.rpartition("}")[2]
