"""The rotation contract: finds the bugs of a rotation function by trying what can go wrong.

Begin with `checking`, which runs the scenarios of the `families`. `given_subject` makes the subject of a check out
of its arguments. A scenario runs in a `trial`: a fresh world and a fresh service double. `conductor` numbers the
function's calls and lets errors and deaths happen at them, `invariants` looks at the state after each call, and
`verdicts` names what a scenario has come to. `catalogue` has the names, and `report` what the user sees.
`depicting` makes the picture of a scenario, which `drawing` shows as text and `page` on a page of HTML.

`function_state` puts back what the function keeps and changes, so that no scenario disturbs another.
"""
