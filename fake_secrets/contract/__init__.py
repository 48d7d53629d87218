"""The rotation contract: checks what a rotation function does when something goes wrong.

Begin with `client_pool` and `function_state`, which keep the scenarios of a check apart.
"""
