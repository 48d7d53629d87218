"""Interrupts: a tracing function that raises an exception at the n-th line of fake_secrets that is reached."""

import dis
import os
import pathlib
import sys
import threading

import fake_secrets

IS_LONG = bool(os.environ.get("FAKE_SECRETS_LONG"))

_PACKAGE = str(pathlib.Path(fake_secrets.__file__).parent)
_ENTRANCE = fake_secrets.__file__


class Interrupt:
    """Raises an exception once, at a line of fake_secrets, in this thread and in those that it starts.

    Args:
        at: the number of the line event, from 0. None raises nothing, and only counts.
        kind: the type of the exception.
        opcodes: whether to count byte codes instead of lines.
        modules: those whose lines are counted; None for all of fake_secrets.
    """

    def __init__(self, at=None, kind=KeyboardInterrupt, *, opcodes=False, modules=None):
        self.at = at
        self.kind = kind
        self.files = (_PACKAGE,) if modules is None else tuple(module.__file__ for module in modules)
        self.event = "opcode" if opcodes else "line"
        self.count = 0
        self.place = None

    def __enter__(self):
        self._found = sys.gettrace()
        threading.settrace(self._trace)
        sys.settrace(self._trace)
        return self

    def __exit__(self, kind, error, traceback):
        sys.settrace(self._found)
        threading.settrace(self._found)
        return isinstance(error, self.kind) and self.place is not None

    def _trace(self, frame, event, _):
        if self.place is not None or not frame.f_code.co_filename.startswith(self.files):
            return None
        if frame.f_code.co_filename == _ENTRANCE and _is_in_freezegun(frame.f_back):
            return None
        frame.f_trace_opcodes = self.event == "opcode"
        return self._trace_frame

    def _trace_frame(self, frame, event, _):
        if event == self.event and self.place is None and not _is_nothing(frame):
            self.count += 1
            if self.at is not None and self.count > self.at:
                self.place = f"{frame.f_code.co_filename.removeprefix(_PACKAGE)}:{frame.f_lineno}"
                raise self.kind
        return self._trace_frame


def _is_in_freezegun(frame):
    # It looks up every name of every module in the middle of its own work, which an interrupt leaves half done.
    return frame is not None and frame.f_globals.get("__name__", "").startswith("freezegun")


def _is_nothing(frame):
    # Python looks for signals after calls and jumps, not there. Such a line is a `try:`, which no block covers.
    return frame.f_code.co_code[frame.f_lasti] == dis.opmap["NOP"]


def points(scene, least):
    """Yield the numbers of the lines to interrupt in a scene: all if FAKE_SECRETS_LONG is set, else about `least`.

    Args:
        scene: a function that takes an `Interrupt`, and enters it around the code to interrupt.
        least: how many of the lines are enough in a short run.
    """
    scene(Interrupt())  # imports what is imported late
    counting = Interrupt()
    scene(counting)
    stride = 1 if IS_LONG else max(1, counting.count // least)
    # An odd stride, so that it isn't in step with the pairs of a loop.
    yield from range(0, counting.count, stride | 1)
