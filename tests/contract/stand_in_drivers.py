"""Stand-ins of database drivers, for tests that need no server and no driver."""

import sys
import types

_KINDS = ("DatabaseError", "DataError", "InterfaceError", "InternalError", "OperationalError", "ProgrammingError")


def stand_in(monkeypatch, name, *, codes, base="Error"):
    """Return a stand-in of a driver that has a class of its own for each code, as the real one does.

    Args:
        monkeypatch: pytest's fixture.
        name: the driver's name.
        codes: the names of these classes by SQLSTATE.
        base: the name of the class that they derive from.
    """
    module = types.ModuleType(name)
    module.Error = type("Error", (Exception,), {})
    for kind in _KINDS:
        setattr(module, kind, type(kind, (module.Error,), {}))
    module.Rollback = type("Rollback", (Exception,), {})
    module.connect = lambda **_: None
    module.errors = types.ModuleType(f"{name}.errors")
    found = {code: type(kind, (getattr(module, base),), {"sqlstate": code}) for code, kind in codes.items()}
    for kind in found.values():
        setattr(module.errors, kind.__name__, kind)
    module.errors.lookup = found.__getitem__
    monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, module.errors.__name__, module.errors)
    return module
