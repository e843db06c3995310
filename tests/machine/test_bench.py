from pipeline import ROOT, of_all_methods

from refield import config
from refield.machine.bench import measure


def test_every_method_of_every_kind_is_timed():
    changes = {
        "methods": {"ours": {"gates": [8.0, "segment"]}, "wire": {"field": "wire", "train": {"precision": "float32"}}},
        "profiles.quick.network.width": 8,
        "profiles.quick.images.long": 24,
        "profiles.quick.images.short": 16,
        **of_all_methods(),
    }
    rows = list(measure(config.read(path=ROOT / "params.yaml", changes=changes), "quick", "cpu"))
    assert [method for method, *_ in rows] == ["ours", "wire"]
    assert all(min(numbers) > 0 for _, *numbers in rows)
