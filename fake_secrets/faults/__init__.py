"""Faults: what a test makes fail, stall, lag or die, on purpose.

Begin with `planning`, which a test uses to plan faults. `planned` is one fault, and counts its hits;
`selection` says for which attempts. `effects` are what a fault does to an attempt, `codes` the errors that AWS
gives. `plan` puts the faults on the way that an attempt takes through a world, and `path` is what they may ask of
that world. `checks` refuses faults that can never happen. `pauses` are those of clients between their attempts.
"""
