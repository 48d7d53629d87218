"""The fake Secrets Manager: a request in, a response dict or a `ServiceError` out.

Begin with `dispatch`, which maps each operation's name to its function. `operations` has these
functions, one module a family. They stand on `state`, what the service stores, which stands on
`rules`, pure functions such as those of staging labels.
"""
