"""Are a profile's scores, just made, those that git has? Other machines round differently, so within a tolerance."""

from refield import config
from refield.errors import UserError
from refield.pipeline.clone import git
from refield.pipeline.layout import Layout
from refield.scores.files import parse_csv, read_csv


def main(profile: str, tolerance: float = 0.3) -> None:
    """`UserError` if the measure that ranks methods differs by more than a tolerance, for any image and method."""
    params, layout = config.read(profile), Layout()
    measure = params.task(profile).measures[0]
    far = {}
    for method in params.methods:
        file = layout.scores(profile, method)
        if not file.is_file():
            raise UserError(f"{file} is not there; `dvc exp run -S 'runs=[{profile}]'` makes it")
        committed = git("show", f"HEAD:./{file.as_posix()}")
        before, now = (rows.set_index("image")[measure.name] for rows in (parse_csv(committed), read_csv(file)))
        if set(before.index) != set(now.index):
            raise UserError(f"{file} has other images than in git")
        far[method] = float((now - before).abs().max())
    worst = max(far, key=lambda method: far[method])
    print(f"{profile}: {measure.title} differs from git's by at most {far[worst]:.4f} ({worst})")
    if not far[worst] <= tolerance:
        raise UserError(f"{profile}/{worst} differs by {far[worst]:.3f}; at most {tolerance} is allowed")
