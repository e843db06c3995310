"""How many bits each way of coding saves, and how long it takes: of all profiles, from what git has of them."""

from refield import config, papers
from refield.pipeline.coding_layout import CodingLayout
from refield.pipeline.command import run
from refield.reports import coding_seconds
from refield.reports.coding_gains import page, rates_of


def main(paper: str | None = None) -> None:
    layout = CodingLayout(paper)
    params = config.read(path=layout.params)
    published, rates = papers.read(params.paper), rates_of(layout.rates_of_all, params)
    links = {}
    for profile in dict.fromkeys(rates["profile"]):
        seconds = coding_seconds.seconds_of(layout.coding_seconds_of_all, profile, params)
        if len(seconds):  # no output of the stage: another run has others
            report = layout.coding_report(profile)
            report.write_text(coding_seconds.page(profile, seconds, published), encoding="utf-8", newline="\n")
            links[profile] = report.relative_to(layout.gains.parent).as_posix()
    layout.gains.parent.mkdir(parents=True, exist_ok=True)
    layout.gains.write_text(page(rates, published, links), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    run(main)
