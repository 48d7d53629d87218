"""Worlds. A world is one active fake of Secrets Manager, with its secrets and the record of its calls.

Begin with `answering`, the path that a request takes through a `world`. `contents` plants the seeds and finds
secrets for the handle, by the rules in `lookup`. `handle` is `FakeSecrets`, the object that a test uses; its
parts are `rotation_handle`, `serving_handle` and `observing_handle`. `stack` knows which worlds are active.
"""
