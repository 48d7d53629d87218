"""How Sphinx builds the documentation: `pip install .[docs] && sphinx-build -W -b html docs out`."""

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
]
