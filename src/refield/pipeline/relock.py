"""What git holds of fits that are not here, under the keys that they have now.

Who has shown that code which was written anew computes the same (`adopt`) need not have all fits at hand: their keys
stand in reports/wanted and reports/provenance, and dvc.lock holds the hashes of what a stage's results came from.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from refield import files
from refield.config import Params
from refield.errors import UserError
from refield.pipeline import lock, provenance, units
from refield.pipeline.clone import dvc, git
from refield.pipeline.layout import Layout
from refield.yaml import parse

CODE = ("src/", "stages/")  # where code lies that stages come from
# Stages of a profile that read fits. They keep their results if those of another profile do.
READERS = ("evaluate", "figures", "laws", "page", "provenance", "sequences")
WRITTEN = ("wanted", "scoring", "settings", "coding")  # folders of reports/ that follow the code, written here

Entries = dict[str, Any]


def rename(layout: Layout, params: Params, profile: str, method: str, keys: Mapping[str, str]) -> None:
    """Write a method's new keys, by the old ones, wherever git has them."""
    file = layout.provenance(profile, method)
    text = files.read(file, links=True).decode()
    for before, now in keys.items():
        text = text.replace(before, now)
    files.write(file, text.encode())
    files.write(layout.wanted(profile, method), units.wanted(layout, params, profile, method).encode())


def update(layout: Layout, params: Params, profile: str) -> str:
    """Bring dvc.lock up to date with the code for a profile whose fits are not here, but known under their keys.

    What was done, in a line; nothing, where nothing was to be done. `UserError` if a stage that reads fits has come to
    something else for a profile whose fits are here.
    """
    entries = lock.entries(layout.lock)
    methods = [method for method in params.methods_of(profile) if layout.provenance(profile, method).exists()]
    if f"fit@{profile}" not in entries or not methods or layout.fits_of_all(profile).is_dir():
        return ""
    if unknown := [method for method in methods if not all_known(layout, profile, method)]:
        return f"{profile}: fits of {', '.join(unknown)} are neither here nor known under their keys"
    other = next((name for name in params.runs if name != profile and layout.fits(name, methods[0]).is_dir()), None)

    def there(name: str) -> list[str]:
        return [stage for stage in readers(name) if stage in entries]

    if other is None or json.loads(dvc("status", "--json", *addresses(layout, [f"wanted@{other}", *there(other)]))):
        return f"{profile}: dvc.lock follows once another profile is up to date: `dvc repro`, and this again"
    code = {dep["path"]: dep for name in [f"wanted@{other}", *there(other)] for dep in entries[name]["deps"]}
    require_unchanged(layout, entries, there(other))
    for file, text in units.of_profile(layout, params, profile).items():
        file.parent.mkdir(parents=True, exist_ok=True)
        files.write(file, text.encode())
    keys = entries[f"wanted@{profile}"]
    deps = [dep for name in [f"fit@{profile}", *there(profile)] for dep in entries[name]["deps"]]
    changed = 0
    for each in [*keys["deps"], *keys["outs"], *deps]:
        before, path = dict(each), Path(each["path"])
        if each["path"].startswith(CODE):
            each.update(code[each["path"]])
        elif any(path.is_relative_to(layout.reports / folder) for folder in WRITTEN):
            each.update(hash_of(path))
        changed += each != before
    if not changed:
        return ""
    with layout.lock.open("w", encoding="utf-8") as stream:
        yaml = YAML()
        yaml.default_flow_style = False
        yaml.dump({"schema": "2.0", "stages": entries}, stream)
    return f"{profile}: {changed} hashes of dvc.lock follow the code; its fits are not here, and stay as they are"


def readers(profile: str) -> list[str]:
    """The stages of a profile that read fits, and whose results are in git."""
    return [f"{kind}@{profile}" for kind in READERS]


def addresses(layout: Layout, names: Sequence[str]) -> list[str]:
    """The names by which DVC knows a pipeline's stages in the clone's root."""
    return [f"{layout.pipeline}:{name}" for name in names] if layout.paper else list(names)


def is_current(layout: Layout, params: Params, profile: str, method: str) -> bool:
    """Whether a method's fits in a profile were made, or taken over, with the code that there is now."""
    file = layout.wanted(profile, method)
    return file.exists() and json.loads(files.read(file))["code"] == units.code(params, profile, method)


def all_known(layout: Layout, profile: str, method: str) -> bool:
    """Whether the origin of every fit that is wanted is known."""
    rows = provenance.read(layout.provenance(profile, method))
    wanted = json.loads(files.read(layout.wanted(profile, method)))["units"]
    return all(rows.get(name, {}).get("unit") == key for name, key in wanted.items())


def require_unchanged(layout: Layout, entries: Entries, names: Sequence[str]) -> None:
    """`UserError` unless stages have the results that git's dvc.lock has."""
    committed = parse(git("show", f"HEAD:{layout.lock}"), "dvc.lock", lock.MOST_VALUES)["stages"]
    for name in names:
        if entries[name].get("outs") != committed.get(name, {}).get("outs"):
            raise UserError(f"{name} has come to another result; so may other profiles, whose fits are needed here")


def hash_of(path: Path) -> Entries:
    """How dvc.lock tells of a file, or of a folder in which .dvcignore leaves out nothing."""
    if path.is_file():
        data = path.read_bytes()
        return {"md5": hashlib.md5(data).hexdigest(), "size": len(data)}
    members = sorted(file for file in path.rglob("*") if file.is_file())
    hashes = {file.relative_to(path).as_posix(): hash_of(file) for file in members}
    listed = json.dumps([{"md5": each["md5"], "relpath": name} for name, each in sorted(hashes.items())])
    return {
        "md5": hashlib.md5(listed.encode()).hexdigest() + ".dir",
        "size": sum(each["size"] for each in hashes.values()),
        "nfiles": len(hashes),
    }
