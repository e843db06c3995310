"""Where a pipeline's files lie, relative to the repository's root; its dvc.yaml names the same paths."""

import re
from dataclasses import dataclass
from pathlib import Path

from refield.errors import UserError, shown


@dataclass(frozen=True)
class Layout:
    """The files of one pipeline: the top level's own, or that of a folder of papers/."""

    paper: str | None = None

    def __post_init__(self) -> None:
        if self.paper is not None and not re.fullmatch(r"[a-z][a-z0-9_]*", self.paper):
            raise UserError(f"--paper {shown(self.paper)} is not allowed; it must be the name of a folder of papers/")

    @property
    def params(self) -> Path:
        return self._own("params.yaml")

    @property
    def pipeline(self) -> Path:
        return self._own("dvc.yaml")

    @property
    def lock(self) -> Path:
        return self._own("dvc.lock")

    @property
    def data(self) -> Path:
        return Path("data", self.paper or "")

    @property
    def reports(self) -> Path:
        return Path("reports", self.paper or "")

    @property
    def checked(self) -> Path:
        return self.data / "checked"

    @property
    def scores_of_all(self) -> Path:
        """Holds `<profile>/<method>.csv`, as the next two do."""
        return self.reports / "scores"

    @property
    def curves_of_all(self) -> Path:
        return self.reports / "curves"

    @property
    def provenance_of_all(self) -> Path:
        return self.reports / "provenance"

    @property
    def tables(self) -> Path:  # without a suffix: in Markdown, CSV and LaTeX
        return self.reports / "tables"

    @property
    def metrics(self) -> Path:
        return self.reports / "metrics.json"

    @property
    def charts(self) -> Path:
        return self.reports / "charts"

    @property
    def index(self) -> Path:
        return self.reports / "index.html"

    @property
    def waiting(self) -> Path:
        """The document whose first table is what waits to be run."""
        return self._own("docs/gpu.md")

    @property
    def studies(self) -> Path:
        """Holds a dvc.yaml, and a folder for each study."""
        return self._own("studies")

    @property
    def discussion(self) -> Path:
        return self.reports / "discussion.md"

    def sources(self, profile: str) -> Path:
        """Checksums of the profile's public photographs, or the images themselves."""
        return (Path("papers", self.paper) if self.paper else Path("data")) / "sources" / profile

    def originals(self, profile: str) -> Path:
        return self.data / profile / "originals"

    def signals(self, profile: str) -> Path:
        """The prepared images."""
        return self.data / profile / "images"

    def maps(self, profile: str, name: str) -> Path:
        """The maps of one name, as in params.yaml."""
        return self.data / profile / "maps" / name

    def examples(self, profile: str) -> Path:
        """What a profile's U-Net learns from: pictures and masks."""
        return self.data / profile / "examples"

    def unet(self, profile: str) -> Path:
        """The weights of a profile's U-Net; params.yaml names this file and that of masks in a task."""
        return self.data / profile / "unet.safetensors"

    def unet_curve(self, profile: str) -> Path:
        """The mean loss of each epoch of its training."""
        return self.data / profile / "unet_curve.json"

    def masks(self, profile: str) -> Path:
        """The true masks of a profile's images."""
        return self.data / profile / "masks.safetensors"

    def unet_report(self, profile: str) -> Path:
        """How a profile's U-Net came to be, and what it sees."""
        return self.reports / "unets" / f"{profile}.json"

    def wanted(self, profile: str, method: str) -> Path:
        """The keys of the units that a method's fits are."""
        return self.reports / "wanted" / profile / f"{method}.json"

    def scoring(self, profile: str) -> Path:
        """What the scores of a profile's fits come from."""
        return self.reports / "scoring" / f"{profile}.json"

    @property
    def settings_of_all(self) -> Path:  # the digest of all of params.yaml
        return self.reports / "settings.json"

    def settings(self, profile: str) -> Path:
        """The digest of the settings that a profile's pages and figures come from."""
        return self.reports / "settings" / f"{profile}.json"

    def coding(self, profile: str) -> Path:
        """What the rates of a profile's fits come from."""
        return self.reports / "coding" / f"{profile}.json"

    def fits_of_all(self, profile: str) -> Path:
        return self.data / profile / "fits"

    def fits(self, profile: str, method: str) -> Path:
        return self.fits_of_all(profile) / method

    def scores(self, profile: str, method: str) -> Path:
        return self.scores_of_all / profile / f"{method}.csv"

    def curve(self, profile: str, method: str) -> Path:
        return self.curves_of_all / profile / f"{method}.csv"

    def provenance(self, profile: str, method: str) -> Path:
        return self.provenance_of_all / profile / f"{method}.csv"

    def provenance_report(self, profile: str, suffix: str) -> Path:  # .md, .svg
        return self.provenance_of_all / f"{profile}{suffix}"

    def sequences(self, profile: str, suffix: str) -> Path:
        """What searches of a profile have chosen: .csv, .md, .svg."""
        return self.reports / "sequences" / f"{profile}{suffix}"

    def laws(self, profile: str, suffix: str) -> Path:
        """The numbers in a profile's networks of sines beside their laws: .csv, .md, .svg."""
        return self.reports / "laws" / f"{profile}{suffix}"

    @property
    def pages(self) -> Path:
        return self.reports / "pages"

    def page(self, profile: str) -> Path:
        return self.pages / f"{profile}.html"

    def figures(self, profile: str) -> Path:
        return self.reports / "figures" / profile

    def _own(self, name: str) -> Path:
        return Path("papers", self.paper, name) if self.paper else Path(name)


def layouts() -> list[Layout]:
    """The top level's, and those of all papers that have a pipeline of their own."""
    return [Layout(), *(Layout(file.parent.name) for file in sorted(Path("papers").glob("*/dvc.yaml")))]
