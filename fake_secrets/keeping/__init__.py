"""Keeps a world in a file, so that a server that is started again goes on where it ended.

Begin with `state_file`, which loads a file into a world and has every change written from then on. `kept_store`
finds what has changed, and `documents` says what is written of a secret. `record_file` is the file, `lines` its
format.
"""
