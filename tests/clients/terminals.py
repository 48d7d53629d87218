"""A terminal for a command that asks for one."""

import os
import pty
import select
import subprocess
import time

# Seconds for a command to show something, or to end.
_PATIENCE = 60


class Terminal:
    """A command in a terminal of its own.

    Args:
        command: the command and its arguments.
        home: the folder that is its home and its working directory.
    """

    def __init__(self, command, home):
        self._master, slave = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "HOME": str(home), "COLUMNS": "400", "LINES": "40"}
        try:
            self._process = subprocess.Popen(
                command, stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=home, start_new_session=True
            )
        finally:
            os.close(slave)
        self._shown = b""

    def accept(self, prompt=b"> "):
        """Wait for a prompt, press Enter, and return everything that was shown."""
        deadline = time.monotonic() + _PATIENCE
        is_accepted = False
        try:
            while self._read(deadline):
                if not is_accepted and prompt in self._shown:
                    os.write(self._master, b"\r")
                    is_accepted = True
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._master)
        return self._shown.decode(errors="replace")

    def _read(self, deadline):
        ready, _, _ = select.select([self._master], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the command has closed its end
            return False
        self._shown += data
        return bool(data)
