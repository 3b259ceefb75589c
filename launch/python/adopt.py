"""Starts a server and keeps hold of every process that comes of it.

Usage: python3 -I -S adopt.py, with the command and its arguments as one line of JSON on descriptor 3.

On Linux, a process whose parent ends is given to process 1, and nothing connects it with its server any more: a process that
forks twice, begins a session and drops its environment would outlive every stop. This program asks the kernel to be given
such processes instead (PR_SET_CHILD_SUBREAPER), which a Node program cannot ask. So the supervisor (src/process/supervisor.ts),
which starts this program, finds all of them below itself.

The answer on descriptor 3 is one line, "adopts PID" or "cannot PID", when the server is started; PID is that of the server.
When the supervisor is killed, this program kills everything below it. When the server ends, it ends what the server left, and
then exits with the status of the server: 128 + n for signal n, 127 when the server cannot be started.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import signal
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
# The signal of the kernel when the supervisor has ended.
SUPERVISOR_ENDED = signal.SIGUSR1
# Seconds between SIGTERM and SIGKILL for what a server left.
GRACE_S = 1.0
# Longest wait (s) after SIGKILL: a process that waits for a device ends when the device answers.
KILL_WAIT_S = 10.0
REPORT = 3


def main() -> None:
    """Starts the server, answers, and ends with its status."""
    supervisor = os.getppid()
    adopts = ask_kernel()
    signal.signal(SUPERVISOR_ENDED, leave_nothing)
    if os.getppid() != supervisor:
        os._exit(1)
    # The supervisor signals the processes below this one; this program goes on until all of them have ended.
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(name, signal.SIG_IGN)
    with os.fdopen(os.dup(REPORT), encoding="utf-8") as line:
        command = json.loads(line.readline())
    server = start(command)
    os.write(REPORT, f"{'adopts' if adopts else 'cannot'} {server}\n".encode())
    os.close(REPORT)
    status = wait_for(server)
    end_all(GRACE_S)
    os._exit(status)


def ask_kernel() -> bool:
    """Asks to adopt orphans and to be told when the supervisor ends. Returns whether orphans will be adopted."""
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        adopts: bool = prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
        prctl(PR_SET_PDEATHSIG, int(SUPERVISOR_ENDED), 0, 0, 0)
    except (OSError, AttributeError):
        return False
    return adopts


def leave_nothing(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Ends everything below this process at once, and itself."""
    end_all(0.0)
    os._exit(1)


def start(command: list[str]) -> int:
    """Starts a server in a session of its own; returns its process id."""
    pid = os.fork()
    if pid != 0:
        return pid
    os.close(REPORT)
    os.setsid()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ, SUPERVISOR_ENDED):
        signal.signal(name, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"abtie: cannot start {command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def wait_for(server: int) -> int:
    """Reaps every child until the server has ended; returns its status."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == server:
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def end_all(grace_s: float) -> None:
    """Ends everything below this process."""
    if grace_s > 0:
        for pid in below():
            send(pid, signal.SIGTERM)
            send(pid, signal.SIGCONT)
    end = time.monotonic() + grace_s
    while time.monotonic() < end and reap():
        time.sleep(0.02)
    end = time.monotonic() + KILL_WAIT_S
    while reap() and time.monotonic() < end:
        for pid in below():
            send(pid, signal.SIGKILL)
        time.sleep(0.02)


def reap() -> bool:
    """Reaps the children that have ended; returns whether there are others."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        return False
    return True


def below() -> list[int]:
    """Lists the processes below this one."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ESRCH):
                raise
            continue
        children.setdefault(int(fields[1]), []).append(int(folder.name))
    found = list(children.get(os.getpid(), []))
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def send(pid: int, name: signal.Signals) -> None:
    """Sends a signal to a process that may have ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, name)


if __name__ == "__main__":
    main()
