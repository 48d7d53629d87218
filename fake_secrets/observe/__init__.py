"""Observation: what a test can see of a world. Secret values appear only in `view`, when asked for.

Begin with `ledger`, which records every call as an `entry`. `calls` shows them, as a list that can be filtered
and as a table; `naming` tells which secrets each is about. `timeline` shows staging labels over time, and `view`
shows secrets and versions. `trail` gives calls and events the shapes of CloudTrail and EventBridge:
`records` makes CloudTrail's records, and `logfiles` writes them. `deliveries` calls subscribers with events.
`pictures` draws timelines, and `leaks` watches for secret values that code shows. `asked` works out what each
call asked of the policies, and `needs` what a policy has to allow for that; `least_privilege` and
`unused_permissions` make a policy of it, or compare it with one.
"""
