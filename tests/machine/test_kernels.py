import os
import subprocess
import sys

import pytest
from threadpoolctl import threadpool_info

from refield.machine import kernels


def words(**environment: str) -> str:
    inherited = {key: value for key, value in os.environ.items() if key != kernels.FORCED}
    code = "from refield.machine import kernels; print(kernels.in_words())"
    return subprocess.check_output([sys.executable, "-c", code], env={**inherited, **environment}, text=True).strip()


def test_kernels_that_someone_forces_are_named_and_so_are_those_without():
    by_itself = words()
    if "openblas" not in by_itself:
        pytest.skip("numpy has another library here")
    own = by_itself.rpartition(" ")[2]
    assert kernels.FORCED not in by_itself
    for kind in ("Haswell", "SkylakeX", own):
        said = words(OPENBLAS_CORETYPE=kind)
        assert f"as OPENBLAS_CORETYPE = '{kind}' says" in said
        slower = f"without it they would be for {own}" in said
        assert slower == (f"kernels for {own}," not in said)


def test_they_are_those_that_this_process_uses():
    used = [each.get("architecture") for each in threadpool_info() if "numpy" in each["filepath"]]
    assert all(kind in kernels.in_words() for kind in used if kind)
