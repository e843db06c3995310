"""The numbers in a profile's networks of sines, layer by layer, beside the laws of SIREN's initialisation."""

from refield import config, papers
from refield.config import Params
from refield.errors import UserError
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.reports.laws import chart, is_of_sines, layers, page, table
from refield.reports.plotting import save
from refield.scores.fitted import Fitted
from refield.units.fitted import read_fitted
from refield.units.scoring import read_signal


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    params = config.read(profile, path=layout.params)
    published = papers.read(params.paper)
    methods = [method for method in params.methods_of(profile) if is_of_sines(params.field(profile, method))]
    if not methods:
        raise UserError(f"no method of {layout.params} is an MLP of sines alone in profile {profile}")
    fits = {method: _fits(layout, params, profile, method) for method in methods}
    found = [layer for method in methods for layer in layers(method, fits[method], params.seed)]
    told = table(found)
    save(chart(found, told, published), layout.laws(profile, ".svg"))
    layout.laws(profile, ".md").write_text(page(profile, told, published), encoding="utf-8", newline="\n")
    told.to_csv(layout.laws(profile, ".csv"), index=False, float_format="%.6f", lineterminator="\n")


def _fits(layout: Layout, params: Params, profile: str, method: str) -> list[Fitted]:
    """A method's fields, an image each."""
    folder, signal = layout.fits(profile, method), params.profiles[profile].signal
    folders = sorted(folder.iterdir()) if folder.is_dir() else []
    if not folders:
        raise UserError(f"{folder} has no fits; `dvc repro` makes them")
    images = layout.signals(profile)
    return [read_fitted(read_signal(images / f"{fit.name}{signal.suffix}", signal), fit) for fit in folders]


if __name__ == "__main__":
    run(main)
