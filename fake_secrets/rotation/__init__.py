"""Rotation: everything that runs rotation functions.

Begin with `runner`, which runs a rotation and retries it; `rotation` says what one is, and
`execution` performs its steps. `due_work` runs what falls due by the clock. `functions` holds the
registered Lambda functions, `invocation` calls one of them, `managed` rotates without any.
`scope` tells which rotation function makes a call. What the service knows of a rotation is in
`service.operations.rotation` and its neighbours.
"""
