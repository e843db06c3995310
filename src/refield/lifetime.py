"""A stage must not outlive the `dvc` that started it, nor a worker its stage: they would go on training and writing."""

import os
import threading
import time

import psutil

SHELLS = {"sh", "bash", "dash", "zsh", "ksh", "fish", "cmd.exe", "powershell.exe", "pwsh"}


def end_with_dvc(poll_seconds: float = 0.25) -> None:
    """End this process once the dvc above it is gone; does nothing where dvc did not start it."""
    if "DVC_STAGE" not in os.environ:
        return
    parents = psutil.Process().parents()
    # dvc runs a command through a shell, which may or may not have replaced itself by the command.
    _end_with(parents[:2] if parents and parents[0].name().lower() in SHELLS else parents[:1], poll_seconds)


def end_with_parent(poll_seconds: float = 0.25) -> None:
    """End this process once the one that started it is gone."""
    _end_with(psutil.Process().parents()[:1], poll_seconds)


def _end_with(watched: list[psutil.Process], poll_seconds: float) -> None:
    def watch() -> None:
        while all(_alive(process) for process in watched):
            time.sleep(poll_seconds)
        os._exit(1)  # at once: everything that is kept was written by a rename

    threading.Thread(target=watch, daemon=True, name="end-with-dvc").start()


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
