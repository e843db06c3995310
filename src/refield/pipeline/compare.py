"""Are a profile's scores, just made, those that git has? Other machines round differently, so within a tolerance."""

import pandas as pd

from refield import config
from refield.errors import UserError
from refield.pipeline.clone import git
from refield.pipeline.layout import Layout
from refield.scores.files import parse_csv, read_csv, require_columns


def main(profile: str, tolerance: float = 0.3) -> None:
    """`UserError` if the measure that ranks methods differs by more than a tolerance, for any image and method."""
    params, layout = config.read(profile), Layout()
    measure = params.task(profile).measures[0]
    far = {}
    for method in params.methods_of(profile):
        file = layout.scores(profile, method)
        if not file.is_file():
            raise UserError(f"{file} is not there; `dvc exp run -S 'runs=[{profile}]'` makes it")
        committed = git("show", f"HEAD:./{file.as_posix()}")
        before = _scores(parse_csv(committed), measure.name, f"{file} in git")
        now = _scores(read_csv(file), measure.name, str(file))
        if set(before.index) != set(now.index):
            raise UserError(f"{file} has other images than in git")
        far[method] = float((now - before).abs().max())
    worst = max(far, key=lambda method: far[method])
    print(f"{profile}: {measure.title} differs from git's by at most {far[worst]:.4f} ({worst})")
    if not far[worst] <= tolerance:
        raise UserError(f"{profile}/{worst} differs by {far[worst]:.3f}; at most {tolerance} is allowed")


def _scores(rows: pd.DataFrame, measure: str, where: str) -> pd.Series:
    """A measure by image; `UserError`, which begins with `where` they are, if there is none."""
    try:
        require_columns(rows, ("image", measure))
        if rows["image"].duplicated().any():
            raise UserError("has two rows for an image")
    except UserError as error:
        raise UserError(f"{where} {error}") from None
    return rows.set_index("image")[measure]
