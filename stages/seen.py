"""Look at what a profile's coded files decode to with the network of its task: a row for each file."""

import pandas as pd

from refield import config
from refield.coding.file import decode
from refield.coding.limits import MOST_BYTES
from refield.errors import UserError
from refield.files import read
from refield.pipeline.coding_layout import CodingLayout
from refield.pipeline.command import run
from refield.pipeline.names import FromStage, require
from refield.pipeline.units import files
from refield.scores.seen import Look, Name
from refield.scores.segmented import look
from refield.signals.image import as_image
from refield.tasks.segmented import Segmented
from refield.units.scoring import read_signal


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = CodingLayout(paper)
    params = config.read(profile, path=layout.params)
    task, kind = params.task(profile), params.profiles[profile].signal
    if not isinstance(task, Segmented):
        raise UserError(f"profile {profile} has a task without a network that looks at pictures")
    originals = {path.stem: as_image(read_signal(path, kind)) for path in files(layout, params, profile)}
    rows = list[Look]()
    for method in params.methods_of(profile):
        folder = layout.coded(profile, method)
        if not (there := sorted(folder.rglob("*.rfd"))):
            print(f"{profile}: no files of {method} in {folder}, which `dvc repro {layout.pipeline}` makes")
        for file in there:
            codec, *setting, _ = file.relative_to(folder).parts  # a setting may have a slash
            require(file.stem, originals, f"image of {layout.signals(profile)}")
            data = read(file, MOST_BYTES, links=True)
            try:
                shown = as_image(decode(data).signal())
            except UserError as error:
                raise UserError(f"{file} {error}") from None
            name = Name(method, file.stem, codec, "/".join(setting))
            rows.append(look(task, name, len(data), originals[file.stem], shown))
    layout.seen(profile).parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows, columns=pd.Index(Look._fields))
    table.to_csv(layout.seen(profile), index=False, float_format="%.6f", lineterminator="\n")


if __name__ == "__main__":
    run(main)
