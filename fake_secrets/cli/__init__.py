"""The command line, `fake-secrets`.

Begin with `main`, which parses the arguments. Each command has its own module, such as `demo`.
"""
