"""Rotation: everything that runs rotation functions.

Begin with `runner`, which runs a rotation and retries it; `by_hand` is the part of it that a test calls.
`rotation` defines what a rotation is, `registry` remembers the rotations that were started, and
`execution` performs their steps, which `judgement` judges. `performers` finds what performs a step:
`functions` holds the registered Lambda functions, `invocation` calls one of them, and `managed` rotates
secrets that have no function.
`due_work` runs what the clock has made due. `scope` knows which rotation function is making a call.
What the service itself knows about rotations is in `service.operations.rotation` and its neighbours.
"""
