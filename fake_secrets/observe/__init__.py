"""Observation: what a test can see of a world, without secret values.

Begin with `ledger`, which records every call. `timeline` draws staging labels over time, `view`
shows secrets and versions, `trail` has the events as CloudTrail and EventBridge shape them, and
`deliveries` hands them to subscribers.
"""
