"""How Sphinx builds the documentation: `pip install .[docs] && sphinx-build -W -b html docs out`."""

import dataclasses

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
html_css_files = ["wide.css"]
html_copy_source = False
html_show_sourcelink = False

# In docstrings, single backticks are code.
default_role = "literal"
add_module_names = False
toc_object_entries_show_parents = "hide"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 60

autodoc_class_signature = "separated"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_custom_sections = ["Source"]

# Types of the standard library are named, not linked: nothing is fetched while this is built.
nitpicky = True
nitpick_ignore_regex = [
    ("py:class", r"(collections|contextlib|datetime|typing|types)\..*"),
    ("py:(class|exc)", r"[A-Z]?[a-z]+|(Base)?Exception|(Attribute|Key|Lookup|Type|Value)Error"),
    ("py:class", r"fake_secrets(\.\w+){2,}"),
    ("py:(class|obj)", r"(tuple|typing\.Literal)\[.*"),
]

# Stands for a colon that napoleon would take for the end of a type.
_COLON = "\ue000"


def before_napoleon(app, what, name, obj, options, lines):
    """Keep what a property is, or a function returns, a sentence; have a dataclass's fields be attributes."""
    if what == "property" and lines:
        lines[0] = lines[0].replace(":", _COLON)
    for at, line in enumerate(lines[:-1]):
        if line == "Returns:":
            lines[at + 1] = lines[at + 1].replace(":", _COLON)
    if what == "class" and dataclasses.is_dataclass(obj):
        lines[:] = ["Attributes:" if line == "Args:" else line for line in lines]


def after_napoleon(app, what, name, obj, options, lines):
    """Put the colons back."""
    lines[:] = [line.replace(_COLON, ":") for line in lines]


def setup(app):
    """Connect what reads docstrings before and after napoleon."""
    app.connect("autodoc-process-docstring", before_napoleon, priority=400)
    app.connect("autodoc-process-docstring", after_napoleon, priority=600)
