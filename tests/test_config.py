"""Every key of params.yaml is checked, and whatever is wrong is one sentence."""

import copy

import pytest
from pipeline import ROOT
from ruamel.yaml import YAML

from refield import config

GIVEN = YAML(typ="safe").load(ROOT / "params.yaml")


def read(changes, tmp_path):
    """params.yaml with some keys set, or removed where the value is `...`."""
    params = copy.deepcopy(GIVEN)
    for key, value in changes.items():
        *path, last = key.split(".")
        entry = params
        for part in path:
            entry = entry[part]
        if value is ...:
            del entry[last]
        else:
            entry[last] = value
    file = tmp_path / "params.yaml"
    YAML().dump(params, file)
    return config.read(path=file)


def test_the_file_we_ship_is_valid():
    params = config.read(path=ROOT / "params.yaml")
    assert params.runs == ["quick"]
    assert params.method_names[:3] == ["siren", "ftc", "qt"]
    assert "ours" in params.methods.segmented


WRONG = [
    ("seg.method", "nonsense", ["seg.method", "'nonsense'", "multi_otsu, equal_bin"]),
    ("seg.regions", 1, ["seg.regions = 1", "greater than or equal to 2"]),
    ("seg.regions", "4", ["seg.regions = '4'", "integer"]),
    ("seg.regions", 2.5, ["seg.regions = 2.5", "integer"]),
    ("seg.metod", "multi_otsu", ["seg.metod", "not a known key"]),
    ("seg.method", ..., ["seg.method", "missing"]),
    ("semilla", 3, ["semilla", "not a known key"]),
    ("seed", -1, ["seed = -1"]),
    ("seed", True, ["seed = True"]),
    ("runs", ["quik"], ["'quik'", "quick, kodak_crops, paper"]),
    ("runs", [], ["runs"]),
    ("runs", ["quick", "quick"], ["twice"]),
    ("runs", "quick", ["runs = 'quick'", "list"]),
    ("network.field", "sirne", ["'sirne'", "gated"]),
    ("network.omega_0", 0, ["omega_0 = 0", "greater than 0"]),
    ("network.bias", "none", ["bias = 'none'", "'shared' or 'per_expert'"]),
    ("network.omega", 30.0, ["omega", "not a known key"]),
    ("profiles.quick.network.width", 0, ["width = 0"]),
    ("profiles.quick.network.width", "64", ["width = '64'", "integer"]),
    ("profiles.quick.train.iterations", 0, ["profiles.quick.train.iterations = 0"]),
    ("profiles.quick.train.learning_rate", "1e-3", ["learning_rate = '1e-3'", "number"]),
    ("profiles.quick.train.learning_rate", float("nan"), ["learning_rate = nan", "finite"]),
    ("profiles.quick.train.schedule", "linear", ["schedule = 'linear'", "'constant', 'exponential' or 'cosine'"]),
    ("profiles.quick.images.long", 100, ["long (100)", "short (128)"]),
    ("profiles.quick.images.short", ..., ["profiles.quick.images", "needs both long and short"]),
    ("profiles.paper.images.long", 768, ["native", "remove long and short"]),
    ("profiles.quick.images.names", ["coffee", "coffee"], ["twice"]),
    ("profiles.quick.images.names", "coffee", ["names = 'coffee'"]),
    ("profiles.quick.device", "gpu", ["device = 'gpu'", "'auto', 'cpu' or 'cuda'"]),
    ("methods.positional.Siren", {"gates": ["dense"]}, ["Siren", "pattern"]),
    ("methods.positional.ours", {"gates": ["dense"]}, ["ours", "both groups"]),
    ("methods.positional.siren.gates", ["dense", "segment"], ["methods.positional.siren", "segment gate"]),
    ("methods.segmented.ours.gates", ["dense"], ["methods.segmented.ours", "needs a segment gate"]),
    ("methods.positional.siren.gates", [], ["methods.positional.siren", "gates = []"]),
    ("methods.positional.siren.gates", ["tile"], ["methods.positional.siren", "'tile'"]),
    ("methods.positional.siren.gates", [-2], ["methods.positional.siren", "-2"]),
    ("methods.positional.siren.map", "multi_otsu", ["siren.map", "only methods.segmented"]),
    ("methods.segmented.ours.map", "otsu", ["ours.map = 'otsu'", "multi_otsu, equal_bin"]),
    ("methods.positional.siren.width_factor", 0, ["siren.width_factor = 0", "a whole number from 1"]),
    ("methods.positional.siren.width_factor", 1.5, ["siren.width_factor = 1.5", "a whole number from 1"]),
    ("methods.positional.siren.region_input", True, ["methods.positional.siren", "regions, their number"]),
    ("methods.segmented.ours.width", [64, 64], ["methods.segmented.ours", "2 numbers; there are 4 hidden layers"]),
    ("maps.multi_otsu.segmenter", "otsu", ["maps.multi_otsu.segmenter", "'otsu'", "multi_otsu, equal_bin"]),
    ("maps.multi_otsu.regions", 1, ["maps.multi_otsu.regions = 1"]),
    ("maps.multi_otsu", ..., ["seg.method = 'multi_otsu'", "equal_bin, random"]),
    ("profiles.quick.train.precision", "half", ["precision = 'half'", "'float32' or 'mixed'"]),
    ("methods.segmented.ours.gate", ["dense"], ["methods.segmented.ours", "gate", "not a known key"]),
]


@pytest.mark.parametrize(("key", "value", "said"), WRONG, ids=[f"{key}={value}" for key, value, _ in WRONG])
def test_wrong_values_are_one_sentence_that_names_them(key, value, said, tmp_path):
    with pytest.raises(config.ConfigError) as error:
        read({key: value}, tmp_path)
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(str(tmp_path / "params.yaml"))
    for part in said:
        assert part in message


def test_profiles_override_defaults_and_methods_override_profiles(tmp_path):
    changes = {"network.activation": "relu", "profiles.quick.network.bias": "per_expert"}
    params = read({**changes, "methods.positional.ftc.bias": "shared", "methods.positional.ftc.width": 7}, tmp_path)
    siren, ftc = params.field("quick", "siren"), params.field("quick", "ftc")
    assert (siren.activation, siren.bias, siren.width) == ("relu", "per_expert", 64)
    assert (ftc.activation, ftc.bias, ftc.width) == ("relu", "shared", 7)


def test_only_segmented_methods_know_the_map(tmp_path):
    params = read({"seg.method": "equal_bin", "seg.regions": 6}, tmp_path)
    assert params.map("siren") is None
    assert params.map("ours") == "equal_bin"
    assert params.field("quick", "ours").regions == 6
    assert params.field("quick", "ftc").regions is None


def test_a_method_may_name_its_own_map_and_a_map_its_own_regions(tmp_path):
    params = read({"seg.regions": 5}, tmp_path)
    assert params.map("equal_bin") == "equal_bin"
    assert [params.field("quick", method).regions for method in ("ours", "equal_bin", "ours_2", "ours_8")] == [
        5,
        5,
        2,
        8,
    ]


def test_a_width_may_be_a_multiple_of_the_profiles(tmp_path):
    factor = {"methods.positional.siren_wide.width_factor": 3}
    assert read(factor, tmp_path).field("quick", "siren_wide").width == 3 * 64
    several = factor | {"profiles.quick.network.width": [1, 2, 3, 4]}
    assert read(several, tmp_path).field("quick", "siren_wide").width == (3, 6, 9, 12)


def test_the_wide_siren_has_as_many_weights_as_levels_of_experts(tmp_path):
    def weights(field):
        layers = field.layers(3)
        return sum(layer.fan_out * (layer.experts * layer.fan_in + layer.biases) for layer in layers)

    params = read({}, tmp_path)
    for profile in params.profiles:
        ratio = weights(params.field(profile, "siren_wide")) / weights(params.field(profile, "ftc"))
        assert ratio == pytest.approx(1, abs=0.01)


def test_scientific_notation_is_a_number(tmp_path):
    file = tmp_path / "params.yaml"
    file.write_text((ROOT / "params.yaml").read_text().replace("1.0e-4", "1e-4"))
    assert "1e-4" in file.read_text()
    assert config.read(path=file).profiles["paper"].train.learning_rate == 0.0001


@pytest.mark.parametrize(("text", "said"), [("a: [1", "not valid YAML"), ("", "must be"), ("- 1", "must be")])
def test_a_broken_file_is_named(text, said, tmp_path):
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(config.ConfigError, match=said) as error:
        config.read(path=tmp_path / "params.yaml")
    assert "params.yaml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(config.ConfigError, match=r"params\.yaml is missing"):
        config.read(path=tmp_path / "params.yaml")


@pytest.mark.parametrize(("asked", "said"), [({"profile": "fast"}, "no profile"), ({"method": "wire"}, "no method")])
def test_unknown_profiles_and_methods_are_named(asked, said):
    with pytest.raises(config.ConfigError, match=said):
        config.read(path=ROOT / "params.yaml", **asked)
