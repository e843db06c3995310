import reliability


def test_a_part_takes_its_place_and_all_others_stay(monkeypatch, tmp_path):
    file = tmp_path / "reliability.md"
    monkeypatch.setattr(reliability, "FILE", file)
    file.write_text(f"{reliability.TITLE}\n## Faults\n\none\n\n## Known limits\n\nof DVC's\n")
    reliability.write("Odd input", "many\n")
    reliability.write("Faults", "two\n")
    parts = "## Faults\n\ntwo\n\n## Odd input\n\nmany\n\n## Known limits\n\nof DVC's\n"
    assert file.read_text() == f"{reliability.TITLE}\n{parts}"
