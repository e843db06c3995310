"""Are a profile's scores, just made, those that git has? Other machines round differently, so within a tolerance."""

import io
import subprocess

import pandas as pd

from refield import config
from refield.errors import UserError
from refield.pipeline.layout import Layout


def main(profile: str, tolerance: float = 0.3) -> None:
    """`UserError` if the measure that ranks methods differs by more than a tolerance, for any image and method."""
    params, layout = config.read(profile), Layout()
    measure = params.task(profile).measures[0]
    far = {}
    for method in params.methods:
        file = layout.scores(profile, method)
        shown = subprocess.run(["git", "show", f"HEAD:{file.as_posix()}"], capture_output=True, text=True)
        if shown.returncode or not file.exists():
            raise UserError(f"{file} is not there and in git; both are needed")
        before, now = (
            pd.read_csv(table, dtype={"image": str}).set_index("image")[measure.name]
            for table in (io.StringIO(shown.stdout), file)
        )
        if set(before.index) != set(now.index):
            raise UserError(f"{file} has other images than in git")
        far[method] = float((now - before).abs().max())
    worst = max(far, key=lambda method: far[method])
    print(f"{profile}: {measure.title} differs from git's by at most {far[worst]:.4f} ({worst})")
    if not far[worst] <= tolerance:
        raise UserError(f"{profile}/{worst} differs by {far[worst]:.3f}; at most {tolerance} is allowed")
