"""The benchmarks' ratios in README.md, between two markers: `python -m benchmarks.quoted`, after a benchmark."""

from pathlib import Path

import pandas as pd

from benchmarks.activations import WANTED
from refield.pipeline.readme import README, placed

HERE = Path(__file__).parent
DECODING = "decoding"  # of what is measured, the one that is no step
TWO = "two"  # of contestants, the one whose times are those of the clock: all others have a thread, or waste some
# Of contestants in the benchmarks' files: what README's columns call them.
COLUMNS = {
    "plain": "plain",
    "textbook": "plain",
    "tuned": "tuned",
    "tuned textbook": "tuned",
    "compiled": "compiled",
    "compiled textbook": "compiled",
    "chunked": "tuned, in chunks",
    TWO: "on two threads",
    "passes": "without llvmlite",
    "products": "products alone",
    "traffic": "memory alone",
    "floor": "products and memory",
}
# Of the benchmarks' files, by the column that says what is measured; one that was not measured yet is left out.
FILES = {"activations.csv": "name", "cpu.csv": "method", "latents.csv": "name"}
MEMORY = "memory.csv"


def quoted(table: pd.DataFrame, what: str) -> str:
    """A Markdown table: for each network and size the others' CPU time of a step over refield's, medians over turns; on
    two threads the time by the clock."""
    # Of a SIREN there is a plainer form than the textbook's, which has experts.
    seen = table[table["by"].isin(COLUMNS) & ~(table[what].eq("siren") & table["by"].str.contains("textbook"))]
    size = seen["pixels"] + ", width " + seen["width"].astype(str)
    column = size + ": " + seen["by"].map(COLUMNS)
    times = seen["cpu_times_refield"].mask(seen["by"] == TWO, seen["times_refield"])
    wide = seen.assign(column=column, times=times).pivot(index=what, columns="column", values="times")
    names = list(dict.fromkeys(COLUMNS.values()))
    order = [f"{each}: {name}" for each in dict.fromkeys(size) for name in names if (column == f"{each}: {name}").any()]
    wide = wide.loc[list(dict.fromkeys(seen[what])), order]
    rows = [["", *order], ["---", *["---:"] * len(order)]]
    for name, values in wide.iterrows():
        numbers = ["—" if pd.isna(value) else f"{value:.2f}" for value in values]
        rows.append([str(name).replace("_", " "), *numbers])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def missed(table: pd.DataFrame) -> str:
    """Which activations take more of others' CPU time than is wanted, and what it were if they were products alone."""
    if "kind" not in table:
        return ""
    found = []
    for (name, pixels), rows in table[table["kind"] == "activation"].groupby(["name", "pixels"], sort=False):
        times = rows.set_index("by")["cpu_times_refield"]
        if short := [by for by, least in WANTED["activation"].items() if times[by] < least]:
            told = [
                f"{times[by]:.2f} ({by}; {times[by] / times['products']:.2f} if all else were free)" for by in short
            ]
            found.append(f"{str(name).replace('_', ' ')} at {pixels} with {' and '.join(told)}")
    wanted = " and ".join(f"{least:g} times ({by})" for by, least in WANTED["activation"].items())
    return f"\n\nWanted of an activation are {wanted}. Below that are {'; '.join(found)}." if found else ""


def decoded(table: pd.DataFrame) -> str:
    """How long files take to be read, where that was measured of a known rate."""
    seen = table[table["name"] == DECODING] if "bpp" in table else table[:0]
    return "".join(
        f"\n\nA file of latents of {row.pixels} pixels and {row.bpp:.2f} bits per pixel is decoded in "
        f"{row.cpu_median_ms / 1000:.2f} s of one core."
        for row in seen.itertuples()
    )


def remembered(table: pd.DataFrame) -> str:
    """A Markdown table: what processes held at most, in GB, of each size and each thing that is done."""
    wide = table.pivot(index="pixels", columns="stage", values="held_mb") / 1000
    wide = wide.loc[list(dict.fromkeys(table["pixels"])), list(dict.fromkeys(table["stage"]))]
    rows = [["GB", *wide.columns], ["---", *["---:"] * wide.shape[1]]]
    rows += [[str(size), *(f"{value:.2f}" for value in values)] for size, values in wide.iterrows()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def block() -> str:
    """The benchmarks' tables, each with the machine that made it."""
    parts = []
    for file, what in FILES.items():
        if (HERE / file).exists():
            table = pd.read_csv(HERE / file)
            machine = " and ".join(dict.fromkeys(table["device"] + ", " + table["blas"] + ", torch " + table["torch"]))
            said = f"{quoted(table, what)}{missed(table)}{decoded(table)}"
            parts.append(f"[{file}](benchmarks/{file}), {machine}:\n\n{said}")
    if (HERE / MEMORY).exists():
        said = remembered(pd.read_csv(HERE / MEMORY))
        parts.append(f"[{MEMORY}](benchmarks/{MEMORY}), memory that photographs take, without a method:\n\n{said}")
    return "\n\n".join(parts)


def main() -> None:
    README.write_text(placed(README.read_text(), "speed", block()))


if __name__ == "__main__":
    main()
