"""How many bits each way of coding saves at equal PSNR, of all profiles, from the rates in git alone."""

from refield import config, papers
from refield.pipeline.coding_layout import CodingLayout
from refield.pipeline.command import run
from refield.reports.coding_gains import page, rates_of


def main(paper: str | None = None) -> None:
    layout = CodingLayout(paper)
    params = config.read(path=layout.params)
    text = page(rates_of(layout.rates_of_all, params), params, papers.read(params.paper))
    layout.gains.parent.mkdir(parents=True, exist_ok=True)
    layout.gains.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    run(main)
