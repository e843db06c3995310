"""A volume of 512^3 takes no more than 2 GB, whatever is done with it: real processes, and what they held at most."""

import pytest
from held import told
from peaks import SCALE, STAGES

MOST = 2 * 10**9  # bytes
# Of a volume that takes a moment; bytes of what grows less than it does, such as surfaces.
SIDE, BESIDE = 128, 24 * 10**6


def test_memory_grows_with_voxels_to_2_gb_at_most():
    found = told("peaks", SIDE, *STAGES)
    assert set(found) == set(STAGES)
    assert {stage: taken for stage, (taken, _) in found.items() if taken > BESIDE + MOST * SIDE**3 / SCALE**3} == {}


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_512_voxels_a_side_take_2_gb_at_most(stage):
    ((_, held),) = told("peaks", SCALE, stage).values()
    assert held < MOST
