"""A volume of 512^3 takes no more than 2 GB, whatever is done with it: real processes, and what they held at most."""

import os
import subprocess
import sys

import pytest
from peaks import SCALE, STAGES
from pipeline import ROOT

MOST = 2 * 10**9  # bytes
SIDE, BESIDE = 128, 16 * 10**6  # of a volume that takes a moment; bytes of what does not grow as it does


def peaks(side: int, *stages: str) -> dict[str, tuple[int, int]]:
    """Bytes that each stage took at most, and its process in all."""
    said = subprocess.check_output(
        [sys.executable, "-m", "peaks", str(side), *stages],
        cwd=ROOT / "tests",
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
        text=True,
    )
    return {stage: (int(taken), int(held)) for stage, taken, held in map(str.split, said.splitlines())}


def test_memory_grows_with_voxels_to_2_gb_at_most():
    found = peaks(SIDE, *STAGES)
    assert set(found) == set(STAGES)
    assert {stage: taken for stage, (taken, _) in found.items() if taken > BESIDE + MOST * SIDE**3 / SCALE**3} == {}


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_512_voxels_a_side_take_2_gb_at_most(stage):
    ((_, held),) = peaks(SCALE, stage).values()
    assert held < MOST
