"""What the service stores.

Begin with `model`: secrets, versions, rotations, and the request. `store` finds and keeps secrets,
with `shelf` for one account and region, `agenda` for dates that fall due, and `events` for what
happened. `access` decides who may touch a secret. `quotas` and `retries` are a test's settings,
`keys` its KMS keys, and `seeds` its initial secrets.
"""
