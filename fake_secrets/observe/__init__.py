"""Observation: what a test can see of a world. Secret values appear only in `view`, when asked for.

Begin with `ledger`, which records every call. `timeline` shows staging labels over time, and `view`
shows secrets and versions. `trail` gives events the shapes of CloudTrail and EventBridge, and
`deliveries` calls subscribers with them. `pictures` draws timelines.
"""
