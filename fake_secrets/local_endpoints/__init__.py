"""The helpers of AWS that code asks on port 2773 instead of calling an SDK: the agent, and Lambda's extension.

Begin with `agent`, which answers as the AWS Secrets Manager Agent does, and `extension`, which answers as the AWS
Parameters and Secrets Lambda Extension does, as far as that is known. Both read secrets from an `upstream` and
keep them in a `cache`. `settings` has what a user may configure. The room knows a world by the protocols of `sdk`.
"""
