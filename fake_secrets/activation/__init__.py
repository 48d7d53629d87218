"""Activation: opening a world, joining one, and the call forms of `mock_stages`.

Begin with `opening`: what happens when a world is entered and left. `call_forms` is the object
that `mock_stages(...)` returns. `decoration` applies it to functions and classes.
"""
