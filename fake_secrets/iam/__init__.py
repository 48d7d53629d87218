"""Permissions, pure: names and values only, no secret and no store.

Begin with `principals`: who makes a call. `grammar` parses a policy and decides what it says to
a caller; `conditions` evaluates its condition blocks.
"""
