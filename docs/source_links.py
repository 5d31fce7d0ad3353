"""Links pages to the repository: names of the code to their lines, files to pages made from them.

On the page of equations, `` `memnet.heads.open_gate` `` becomes a link to the line that defines it.
On every page, a link to a file outside ``docs/`` becomes a link to a page that shows the file.
"""

import ast
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.structure.files import Files

ROOT = Path(__file__).parents[1]
NAME = re.compile(r"`(memnet(?:\.\w+){2,})`")
LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)]*)?(\))")
FENCE = "~~~~"
ANCHOR = "#__codelineno-0-{}"


def definition(name: str) -> tuple[str, int]:
    """Return file and line that define a dotted name: a module's class, function or constant.

    A further part is a method, a field or an attribute that a method of the class assigns.

    Raises:
        LookupError: If there is no such name.
    """
    parts = name.split(".")
    for count in range(len(parts) - 1, 0, -1):
        path = ROOT.joinpath(*parts[:count]).with_suffix(".py")
        if path.is_file():
            tree = ast.parse(path.read_text(encoding="utf-8"))
            line = _line(tree, parts[count:])
            if line:
                return path.relative_to(ROOT).as_posix(), line
    raise LookupError(f"no {name} in the code")


def _line(node: ast.AST, parts: list[str]) -> int:
    """Return the line of a name within a module or class; 0 if it is not there."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef) and child.name == parts[0]:
            return _line(child, parts[1:]) if parts[1:] else child.lineno
        if parts[0] in _assigned(child) and not parts[1:]:
            return child.lineno
    if isinstance(node, ast.ClassDef):
        for child in ast.walk(node):
            if isinstance(child, ast.Assign | ast.AnnAssign) and f"self.{parts[0]}" in _assigned(
                child
            ):
                return child.lineno
            if (
                isinstance(child, ast.Call)
                and ast.unparse(child.func) == "self.register_buffer"
                and ast.unparse(child.args[0]) == repr(parts[0])
            ):
                return child.lineno
    return 0


def _assigned(node: ast.AST) -> list[str]:
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    found = [one for target in targets for one in getattr(target, "elts", [target])]
    return [ast.unparse(one) for one in found]


def page_of(path: str) -> str:
    """Return the page that shows a file of the repository."""
    return f"repository/{path.removesuffix('.md')}.md"


def files_shown() -> set[str]:
    """Return the files of the repository that pages link to, directly or by another such file."""
    found = {definition(name)[0] for page in pages() for name in NAME.findall(page.read_text())}
    waiting = list(pages())
    while waiting:
        page = waiting.pop()
        for path in (target(page, link[1]) for link in LINK.findall(page.read_text())):
            if path and not path.startswith("docs/") and path not in {*found, "README.md"}:
                found.add(path)
                if path.endswith(".md"):
                    waiting.append(ROOT / path)
    return found


def pages() -> list[Path]:
    """Return the pages written by hand."""
    return sorted((ROOT / "docs").glob("*.md"))


def target(page: Path, link: str) -> str:
    """Return the file of the repository that a link of a page leads to; empty if there is none."""
    path = Path(os.path.normpath(page.parent / link))
    return path.relative_to(ROOT).as_posix() if path.is_file() and ROOT in path.parents else ""


def rewritten(text: str, page: Path, shown_at: str) -> str:
    """Return the text of a file with links to pages of the site.

    Args:
        text: Markdown.
        page: The file in the repository.
        shown_at: Its page in the site.
    """
    here = Path(shown_at).parent

    def link(found: re.Match[str]) -> str:
        path = target(page, found[2])
        if not path:
            return found[0]
        site = "index.md" if path == "README.md" else path.removeprefix("docs/")
        site = site if site == "index.md" or path.startswith("docs/") else page_of(path)
        return f"{found[1]}{os.path.relpath(site, here)}{found[3] or ''}{found[4]}"

    def name(found: re.Match[str]) -> str:
        path, line = definition(found[1])
        place = os.path.relpath(page_of(path), here).removesuffix(".md") + ".html"
        short = found[1].removeprefix("memnet.")
        return f'<a href="{place}{ANCHOR.format(line)}"><code>{short}</code></a>'

    return NAME.sub(name, LINK.sub(link, text))


def notebook(text: str) -> str:
    """Return the cells of a notebook as Markdown."""
    cells = [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(text)["cells"]]
    return "\n\n".join(
        f"{FENCE} python\n{source}\n{FENCE}" if kind == "code" else source for kind, source in cells
    )


def on_files(files: "Files", config: Any) -> "Files":
    """Add a page for each file of the repository that is linked."""
    from mkdocs.structure.files import File

    for path in sorted(files_shown()):
        text = (ROOT / path).read_text(encoding="utf-8")
        if path.endswith(".md"):
            text = rewritten(text, ROOT / path, page_of(path))
        elif path.endswith(".ipynb"):
            text = notebook(text)
        else:
            kind = "python" if path.endswith(".py") else "json"
            text = f'# {path}\n\n{FENCE} {{ .{kind} linenums="1" }}\n{text}\n{FENCE}\n'
        content = f"---\nsearch:\n  exclude: true\n---\n\n{text}"
        files.append(File.generated(config, page_of(path), content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **others: Any) -> str:
    """Rewrite the links of a page written by hand."""
    path = ROOT / "docs" / page.file.src_uri
    return rewritten(markdown, path, page.file.src_uri) if path.is_file() else markdown
