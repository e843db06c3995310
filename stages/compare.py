"""Are a profile's scores, just made, those that git has? Other machines round differently, so within a tolerance."""

import io
import subprocess

import pandas as pd

from refield import config
from refield.errors import UserError
from stages import layout
from stages.command import run


def main(profile: str, tolerance: float = 0.3) -> None:
    """TOLERANCE is in dB of PSNR, for every image and method."""
    methods = config.read(profile).method_names
    far = {}
    for method in methods:
        file = layout.scores(profile, method)
        shown = subprocess.run(["git", "show", f"HEAD:{file.as_posix()}"], capture_output=True, text=True)
        if shown.returncode or not file.exists():
            raise UserError(f"{file} is not there and in git; both are needed")
        before, now = (
            table.set_index("image")["psnr_8bit"]
            for table in (pd.read_csv(io.StringIO(shown.stdout)), pd.read_csv(file))
        )
        if set(before.index) != set(now.index):
            raise UserError(f"{file} has other images than in git")
        far[method] = float((now - before).abs().max())
    worst = max(far, key=lambda method: far[method])
    print(f"{profile}: PSNR differs from git's by at most {far[worst]:.4f} dB ({worst})")
    if not far[worst] <= tolerance:
        raise UserError(f"{profile}/{worst} differs by {far[worst]:.3f} dB; at most {tolerance} is allowed")


if __name__ == "__main__":
    run(main)
