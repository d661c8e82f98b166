"""No page asks for a template that is not there, and no template, script or style lies about unused."""

import ast
import re
from pathlib import Path

from jinja2 import Environment, nodes

from tests.structure.source import ROOT, modules

TEMPLATES = ROOT / "app" / "templates"
STATIC = ROOT / "app" / "static"
_TEMPLATE = re.compile(r"""{%-?\s*(?:extends|include|import|from)\s+["']([^"']+)["']""")
_STATIC = re.compile(r"""url_for\(\s*["']static["']\s*,\s*filename\s*=\s*["']([^"']+)["']""")
_SCRIPT = re.compile(r"""\b(?:from|import)\s*\(?\s*["'](\.{0,2}/[^"']+)["']""")
_STYLE = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)""")
_INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style\b|\sstyle=|\son[a-z]+\s*=", re.IGNORECASE)
# Licences and the like stand beside what was copied in; nobody links to them.
_COPIED = "vendor/"


def _templates() -> set[str]:
    return {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html")}


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _rendered() -> set[str]:
    """Return the templates that views name; a name is always written out, so that it can be found."""
    return {
        node.args[0].value
        for module in modules("app/web", "app/edge")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "render_template"
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def test_every_template_is_used_and_every_used_one_exists() -> None:
    used = _rendered() | {name for template in _templates() for name in _TEMPLATE.findall(_read(template))}
    assert used == _templates()


def _static_in(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    pattern = {".js": _SCRIPT, ".css": _STYLE}.get(path.suffix)
    names = pattern.findall(text) if pattern is not None else []
    return {
        str((path.parent / name).resolve().relative_to(STATIC))
        for name in names
        if not name.startswith(("#", "data:", "/"))
    }


def test_every_static_file_is_used_and_every_used_one_exists() -> None:
    there = {str(path.relative_to(STATIC)) for path in STATIC.rglob("*") if path.is_file()}
    named = {name for template in _templates() for name in _STATIC.findall(_read(template))}
    named |= {name for path in STATIC.rglob("*") if path.is_file() for name in _static_in(path)}
    assert named - there == set()
    assert {name for name in there - named if not name.startswith(_COPIED)} == set()


def test_no_template_holds_a_script_or_a_style_of_its_own() -> None:
    assert [name for name in _templates() if _INLINE.search(_read(name))] == []


def test_a_template_imports_each_macro_that_it_calls() -> None:
    """What an including template has imported is there too, until it does not need it any more."""
    trees = {name: Environment(autoescape=True).parse(_read(name)) for name in _templates()}
    shared = {m.name for name, tree in trees.items() if "_parts/" in name for m in tree.find_all(nodes.Macro)}
    missing = {name: _called(tree) & shared - _given(tree) for name, tree in trees.items()}
    assert {name: sorted(words) for name, words in missing.items() if words} == {}


def _called(tree: nodes.Template) -> set[str]:
    return {call.node.name for call in tree.find_all(nodes.Call) if isinstance(call.node, nodes.Name)}


def _given(tree: nodes.Template) -> set[str]:
    imported = {one for found in tree.find_all(nodes.FromImport) for one in found.names if isinstance(one, str)}
    return imported | {macro.name for macro in tree.find_all(nodes.Macro)}
