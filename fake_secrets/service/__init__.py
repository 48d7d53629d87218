"""The fake Secrets Manager: a request in, a response dict or a `ServiceError` out.

Begin with `dispatch`, which maps each operation's name to its function. `operations` has these
functions, one module a family. `state` has what the service stores. `rules` has pure functions,
such as the rules of staging labels. `operations` imports `state`, and `state` imports `rules`.
"""
