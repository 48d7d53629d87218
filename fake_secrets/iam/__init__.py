"""Permissions. This room works on names and values only; it knows no secret and no store.

Begin with `principals`, which finds out who makes a call. `grammar` parses a resource policy and decides
whether it allows a request. `conditions` evaluates the condition blocks of a policy.
`least_policy` makes the least policy for what calls needed; `callers` tells whose calls these are, and
`recorded_needs` writes them down.
"""
