"""Activation: opening a world, joining one, and the call forms of `mock_stages`.

Begin with `opening`, which enters and leaves worlds. `call_forms` defines the object that
`mock_stages(...)` returns. `decoration` applies that object to functions and classes.
`forks` prepares the process for forks, and `leftovers` leaves the worlds that a test has forgotten. `visits` keeps
the worlds of a test for its report.
"""
