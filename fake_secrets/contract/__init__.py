"""The rotation contract: checks what a rotation function does when something goes wrong.

Begin with `virtual_time`, which lets time pass while a check runs.
"""
