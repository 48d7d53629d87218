"""Pictures: timelines and calls as text, and as pages of HTML with drawings. They never show secret values.

Begin with `sheet`, which says what of a timeline a picture shows. `terminal` writes it in 80 columns. `page` puts
it on a page of HTML, with a table from `table`, a drawing from `drawing` and the style of `style`. `report` shows
what happened in the worlds of a test. Nothing here is imported before a picture is asked for.
"""
