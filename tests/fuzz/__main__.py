"""PYTHONPATH=tests python -m fuzz SEED NUMBER[:STOP[:STEP]] FOLDER [PROJECT]: try cases, and write JSON of each.

The files of the last case stay in FOLDER. PROJECT is a pipeline that has run beside its store, as tests/conftest.py's
`finished`; without it one is made, which takes a minute.
"""

import gc
import json
import os
import sys
import warnings
from pathlib import Path
from random import Random

sys.dont_write_bytecode = True
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
os.environ["CUDA_VISIBLE_DEVICES"] = ""


def main(seed: str, numbers: str, folder: str, project: str = "") -> None:
    root = Path(folder).resolve()
    root.mkdir(parents=True, exist_ok=True)
    os.environ["MPLCONFIGDIR"] = str(root / "matplotlib")
    # What commands need is loaded once, for all that are forked off this process.
    import dvc.repo  # noqa: F401
    import skimage.segmentation  # noqa: F401
    import sklearn.mixture  # noqa: F401
    import torch._dynamo  # noqa: F401
    from fuzz.judge import tried
    from fuzz.kinds import kind_of
    from fuzz.materials import Materials
    from fuzz.place import Place
    from pipeline import Project

    import refield.fitting.autograd
    import refield.fitting.mlp.engine
    import refield.pipeline.adopt
    import refield.pipeline.plan
    import refield.pipeline.verify
    import refield.reports.figures  # noqa: F401

    gc.freeze()  # what is here is not gone through in each process, and so is not copied either
    warnings.simplefilter("default")
    whole = Path(project or root / "project").resolve()
    materials = Materials(Project(whole / "refield", whole / "units"))
    if not whole.exists():
        materials.project.create(whole / "refield", whole / "units").dvc("repro")
    first, *rest = (int(part) for part in numbers.split(":"))
    for number in range(first, *(rest or [first + 1])):
        kind, place = kind_of(number), Place(root / "case")
        place.make()
        case = kind.make(Random(f"{seed}/{number}"), place, materials)
        how, said, seconds = tried(case, place)
        verdict = {"number": number, "kind": kind.words, "about": case.about, "how": how, "said": said}
        print(json.dumps({**verdict, "seconds": round(seconds, 2)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
