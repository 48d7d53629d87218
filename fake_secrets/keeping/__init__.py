"""Keeps a world in a file, so that a server that is started again goes on where it ended.

Begin reading with `state_file.py`. `records.py` is the file's format, and `documents.py` says what is written of a
secret.
"""
