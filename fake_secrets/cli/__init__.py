"""The command line, `fake-secrets`.

Begin with `main`, which reads the arguments. Each command has a module of its own, such as `demo`.
"""
