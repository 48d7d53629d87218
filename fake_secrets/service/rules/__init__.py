"""The rules of the service, pure: they know no store and change nothing.

Begin with `stages`, the rules of staging labels. `schedule` and `cron` parse a rotation's rules, and
`dates` finds its next window. `constraints` checks requests against the service model, and
`condition_keys` names what a policy can ask about a request.
"""
