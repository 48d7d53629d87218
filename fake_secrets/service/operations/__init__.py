"""The operations of the API, one module a family.

Begin with `values`: GetSecretValue and PutSecretValue. The function of an operation takes the store
and a request, and returns the response's members. Its docstring lists the errors in the order they
are checked. `rotation_start` opens a rotation, and `rotation_progress` records how it goes on.
"""
