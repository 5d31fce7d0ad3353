"""The site's templates. All text is escaped: records may come from anyone."""

from functools import cache

import jinja2

from reports.analysis.slugs import slug
from reports.analysis.summary import summary
from reports.site import addresses
from reports.tables import formats, number_format, ranks, row_titles


@cache
def environment() -> jinja2.Environment:
    """Return the environment of the site's templates.

    HTML is escaped automatically, Markdown by a filter; an undefined name is an error.
    """
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("reports", "site/templates"),
        autoescape=lambda name: name is None or not name.endswith(".md"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["md"] = formats.markdown_text
    templates.filters["pre"] = formats.preformatted
    templates.filters["slug"] = slug
    templates.filters["coordinate"] = "{:g}".format
    templates.filters["mean"] = lambda entry: summary(entry).mean
    templates.globals["fmt"] = number_format
    templates.globals["ranks"] = ranks
    templates.globals["address"] = addresses
    templates.globals["earlier"] = ranks.EARLIER
    templates.globals["titles"] = row_titles
    return templates
