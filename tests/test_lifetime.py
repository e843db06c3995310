"""A stage ends with the dvc that started it, and only then."""

import os
import subprocess
import sys
import time

import psutil
import pytest

STAGE = (
    "import time; from refield import lifetime; lifetime.end_with_dvc(0.05); print('up', flush=True); time.sleep(60)"
)
DVC = "import subprocess, sys; subprocess.run(sys.argv[1], shell=True)"


@pytest.mark.parametrize("shell_stays", [True, False], ids=["through a shell", "in the shell's place"])
def test_a_stage_ends_when_dvc_is_killed(shell_stays):
    command = f'{"true; " if shell_stays else "exec "}"{sys.executable}" -c "{STAGE}"{"; true" if shell_stays else ""}'
    dvc = subprocess.Popen(
        [sys.executable, "-c", DVC, command], stdout=subprocess.PIPE, env={**os.environ, "DVC_STAGE": "fit"}
    )
    with dvc:
        assert dvc.stdout.readline() == b"up\n"
        stage = next(p for p in psutil.Process(dvc.pid).children(recursive=True) if "end_with_dvc" in p.cmdline()[-1])
        time.sleep(0.3)
        assert stage.is_running()  # dvc lives, so does the stage
        dvc.kill()
    stage.wait(5)


def test_without_dvc_it_does_nothing():
    environment = {key: value for key, value in os.environ.items() if key != "DVC_STAGE"}
    code = "import threading; from refield.lifetime import *; end_with_dvc(); print(threading.active_count())"
    output = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True).stdout
    assert output.split() == [b"1"]
