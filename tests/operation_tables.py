"""Tables with an entry for each operation. One that lacks an operation says what to add, and to which file."""


class Table(dict):
    """What the tests know of each operation.

    Args:
        where: the name of the table and its file.
        entries: operation to entry.
    """

    def __init__(self, where, entries):
        super().__init__(entries)
        self.where = where

    def __missing__(self, operation):
        msg = f"add {operation} to {self.where}"
        raise AssertionError(msg)


def check_table(entries, operations, where, meaning):
    """Check that a table has every operation, and no other.

    Args:
        entries: operation to entry.
        operations: the operations that the table must have.
        where: the name of the table and its file.
        meaning: what an entry is.
    """
    lacking, odd = sorted(set(operations) - set(entries)), sorted(set(entries) - set(operations))
    assert not lacking, f"add {', '.join(lacking)} to {where}: {meaning}"
    assert not odd, (
        f"remove {', '.join(odd)} from {where}, or add it to OPERATIONS in fake_secrets/service/dispatch.py"
    )
