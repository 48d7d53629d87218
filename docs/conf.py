"""How Sphinx builds the documentation: `pip install .[docs] && sphinx-build -W -b html docs out`."""

import dataclasses

from docutils import nodes
from sphinx.domains.python import PyObject

import fake_secrets

project = "fake_secrets"
author = "the authors of fake_secrets"
copyright = author
release = version = fake_secrets.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["out", "_build"]

html_theme = "furo"
html_title = f"fake_secrets {release}"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_copy_source = False
html_show_sourcelink = False

# In docstrings, single backticks are code.
default_role = "literal"
add_module_names = False
toc_object_entries_show_parents = "hide"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 60

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = ["Source"]

# Types of the standard library are named, not linked: nothing is fetched while this is built.
nitpicky = True
nitpick_ignore_regex = [
    ("py:class", r"(collections|contextlib|datetime|os|pathlib|typing|types)\..*"),
    ("py:(class|exc)", r"[A-Z]?[a-z]+|(Base)?Exception|(Attribute|Key|Lookup|Type|Value)Error"),
    (
        "py:class",
        r"fake_secrets(\.\w+){2,}|BaseClient|GivenPolic(y|ies)|Handler|NewValue|RotationErrors|UnusedPermission",
    ),
    ("py:(class|obj)", r"(tuple|typing\.Literal)\[.*"),
]

# Stands for a colon that napoleon would take for the end of a type.
_COLON = "\ue000"


def before_napoleon(app, what, name, obj, options, lines):
    """Have napoleon read a docstring as it is meant.

    What a property is, or a function returns, is a sentence, not a type. A dataclass's arguments are its
    attributes; those of other classes concern nobody outside.
    """
    if what == "property" and lines:
        lines[0] = lines[0].replace(":", _COLON)
    for at, line in enumerate(lines[:-1]):
        if line == "Returns:":
            lines[at + 1] = lines[at + 1].replace(":", _COLON)
    for at, line in enumerate(lines):
        if line.startswith("Source: "):
            lines[at : at + 1] = ["Source:", f"    {line.removeprefix('Source: ')}"]
    if what == "class" and "Args:" in lines:
        at = lines.index("Args:")
        if dataclasses.is_dataclass(obj):
            lines[at] = "Attributes:"
        else:
            after = (line for line in range(at + 1, len(lines)) if lines[line] and lines[line][0] != " ")
            del lines[at : next(after, len(lines))]


def after_napoleon(app, what, name, obj, options, lines):
    """Put the colons back."""
    lines[:] = [line.replace(_COLON, ":") for line in lines]


def without_signature(app, what, name, obj, options, signature, return_annotation):
    """Show no arguments of classes: users don't make their instances, or raise their exceptions."""
    return ("", None) if signature and what in {"class", "exception"} else None


def without_any(app, domain, objtype, content):
    """Leave out types that tell nothing; the overloads of a function have told them."""
    for field in list(content.findall(nodes.field)):
        name, body = field.children
        if body.astext() in {"Any", "~typing.Any"} and name.astext().split()[0] in {"type", "rtype"}:
            field.parent.remove(field)


def setup(app):
    """Connect what reads docstrings before and after napoleon, and name attributes what they are."""
    for kind in PyObject.doc_field_types:
        if kind.name == "variable":
            kind.label = "Attributes"
    app.connect("autodoc-process-signature", without_signature)
    app.connect("object-description-transform", without_any, priority=600)
    app.connect("autodoc-process-docstring", before_napoleon, priority=400)
    app.connect("autodoc-process-docstring", after_napoleon, priority=600)
