"""Permissions. This room works on names and values only; it knows no secret and no store.

Begin with `evaluation`, which decides whether policies allow a call. A resource policy is parsed by `grammar`, any
other by `identity_grammar`; `loading` takes those that users give. Parsed policies are in `policy` and `elements`,
their conditions in `conditions`. `coverage`, `comparisons`, `patterns` and `variables` compile them for decisions,
and `naming` knows how a resource policy names a caller. `explanation` says what a decision came from, by what
`near_misses`, `reasons` and `changes` find. `principals` finds out who makes a call. `least_policy` makes the
least policy for what calls needed; `callers` tells whose calls these are, and `recorded_needs` writes them down.
`grants` has what the principals of a world were given, `denials` what they were denied, `messages` AWS's words for
that, and `key_policies` the rules of KMS keys.
"""
