"""The rules of the service. They are pure: they use no store and change nothing.

Begin with `stages`, the rules of staging labels. `schedule` and `cron` parse a rotation's rules, and
`dates` finds its next window. `constraints` checks requests against the service model, and
`condition_keys` gives the condition keys of a request and its secret to policies. `operation_kinds`
says which operations read, and which store a value.
"""
