"""What images may be called, in folders and in settings."""

import pytest
from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML

from refield.errors import UserError
from refield.signals import names, sources
from refield.signals.names import LONGEST, Names


def read(text: str) -> object:
    return TypeAdapter(Names).validate_python(YAML(typ="safe").load(text), strict=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("all", "all"),
        ("[NA, nan, kodim01]", ["NA", "nan", "kodim01"]),
        ("['007', \"true\", '1e5', 'null']", ["007", "true", "1e5", "null"]),
    ],
)
def test_names_are_text(text, value):
    assert read(text) == value


@pytest.mark.parametrize("name", ["007", "1e5", "true", "True", "null", "~", ".nan", "2026-12-01", "[a]"])
def test_what_yaml_reads_otherwise_is_to_be_put_in_quotes(name):
    with pytest.raises(ValidationError, match=r"is no text to YAML; put a name that .* in quotes, such as '007'"):
        read(f"[kodim01, {name}]")


@pytest.mark.parametrize("text", ["[]", "kodim01", "7", "null", "{a: b}"])
def test_names_are_all_or_a_list(text):
    with pytest.raises(ValidationError, match="must be all, or a list of one name at least"):
        read(text)


def test_a_value_of_any_size_is_told_in_a_few_words():
    with pytest.raises(ValidationError) as error:
        read(f"[[{', '.join(['a'] * 10_000)}]]")
    assert len(error.value.errors()[0]["msg"]) < 300


def test_a_name_leaves_room_for_what_files_are_called(tmp_path):
    """File systems take 255 characters; ours add suffixes, and DVC moves by way of `FILE.(22 characters).tmp`."""
    names.check("a" * LONGEST)
    (tmp_path / f"{'a' * LONGEST}.jpeg.{'x' * 22}.tmp").touch()
    (tmp_path / f"{'a' * LONGEST}.png").touch()
    assert list(sources.listed("folder", tmp_path, "all").images) == [f"{'a' * LONGEST}.png"]


@pytest.mark.parametrize("long", [LONGEST + 1, 247])
def test_longer_names_are_refused(tmp_path, long):
    (tmp_path / f"{'a' * long}.png").touch()
    with pytest.raises(UserError, match=rf"a\.png: rename it; .* at most {LONGEST} characters, and this one {long}$"):
        sources.listed("folder", tmp_path, "all")
