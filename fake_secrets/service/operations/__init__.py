"""The operations of the API, one module a family.

Begin with `values`: GetSecretValue and PutSecretValue. Each function takes the store and a request,
and returns the response's members; its docstring lists the errors in the order they are checked.
`rotation_start` and `rotation_progress` are what the service knows of a rotation that runs.
"""
