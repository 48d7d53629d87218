"""A terminal for a command that asks for one."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

# Seconds for a command to show something, or to end.
_PATIENCE = 60
# What the dialogue of the AWS CLI sends to its terminal: a question, that the screen is drawn, and its farewell.
_WHERE_IS_THE_CURSOR = b"\x1b[6n"
_DRAWN = b"\x1b[?25h"
_LEFT = b"\x1b[?2004l"


class Terminal:
    """A command in a terminal of its own.

    Args:
        command: the command and its arguments.
        home: the folder that is its home and its working directory.
    """

    def __init__(self, command, home):
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 400, 0, 0))
        environment = {**os.environ, "TERM": "xterm", "HOME": str(home), "AWS_PAGER": ""}
        try:
            self._process = subprocess.Popen(
                command, stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=home, start_new_session=True
            )
        finally:
            os.close(slave)
        self._shown = b""

    def accept(self):
        """Press Enter whenever the command waits for a key, and return what it showed after its dialogue."""
        deadline = time.monotonic() + _PATIENCE
        try:
            while self._read(deadline):
                if _LEFT not in self._shown and self._shown.endswith(_DRAWN):
                    self._type(b"\r")
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._master)
        return self._shown.partition(_LEFT)[2].decode(errors="replace")

    def _type(self, keys):
        os.write(self._master, keys)

    def _read(self, deadline):
        ready, _, _ = select.select([self._master], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the command has closed its end
            return False
        self._shown += data
        if _WHERE_IS_THE_CURSOR in data:
            self._type(b"\x1b[1;1R")
        return bool(data)
