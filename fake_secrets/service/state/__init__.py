"""What the service stores.

Begin with `model`: secrets, versions, rotations, and the request. `store` keeps and finds secrets.
It uses `shelf` for the secrets of one account and region, `agenda` for dates that fall due, and
`events` to record what happened. `access` decides who may use or change a secret. A test sets
`quotas`, `retries`, KMS `keys`, and initial secrets (`seeds`).
"""
