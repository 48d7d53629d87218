"""Worlds: one fake Secrets Manager each, with everything that happened in it.

Begin with `world`: the path that a request takes. `handle` and `rotation_handle` are what a test
holds of a world, `FakeSecrets`. `stack` knows which worlds are active, `lookup` finds secrets for
the handle.
"""
