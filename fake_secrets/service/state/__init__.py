"""What the service stores.

Begin with `model`: secrets, versions, rotations, and the request. `index` finds secrets, with a `shelf`
for those of one account and region. `store` is an index whose secrets change: it uses `agenda` for dates that
fall due, and `events` to record what happened. `access` decides who may use or change a secret. A test sets
`quotas`, `retries`, KMS `keys`, and initial secrets (`seeds`).
"""
