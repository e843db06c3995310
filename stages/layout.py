"""Where the pipeline's files lie; dvc.yaml names the same paths."""

from pathlib import Path

DATA, REPORTS = Path("data"), Path("reports")
CHECKED = DATA / "checked"
TABLES, METRICS, CHARTS = REPORTS / "tables", REPORTS / "metrics.json", REPORTS / "charts"
INDEX = REPORTS / "index.html"
COSTS = REPORTS / "costs"
STUDIES, DISCUSSION = Path("studies"), REPORTS / "discussion.md"
SCORES, CURVES, PROVENANCE = REPORTS / "scores", REPORTS / "curves", REPORTS / "provenance"


def source(profile: str) -> Path:
    """Checksums of the profile's public photographs, or the images themselves."""
    return DATA / "sources" / profile


def originals(profile: str) -> Path:
    return DATA / profile / "originals"


def images(profile: str) -> Path:
    return DATA / profile / "images"


def segments(profile: str, name: str) -> Path:
    """The maps of one name, as in params.yaml."""
    return DATA / profile / "segments" / name


def code(profile: str) -> Path:
    """Which code the fits come from."""
    return REPORTS / "code" / f"{profile}.json"


def fits(profile: str, method: str) -> Path:
    return DATA / profile / "fits" / method


def scores(profile: str, method: str) -> Path:
    return SCORES / profile / f"{method}.csv"


def curve(profile: str, method: str) -> Path:
    return CURVES / profile / f"{method}.csv"


def provenance(profile: str, method: str) -> Path:
    return PROVENANCE / profile / f"{method}.csv"


def page(profile: str) -> Path:
    return REPORTS / "pages" / f"{profile}.html"


def figures(profile: str) -> Path:
    return REPORTS / "figures" / profile
