"""Where the files of coded fits lie, and what is known of them, beside what every paper has."""

from pathlib import Path

from refield.pipeline.layout import Layout


class CodingLayout(Layout):
    """The files of a pipeline that codes its fits."""

    @property
    def rates_of_all(self) -> Path:
        """Holds `<profile>/<method>.csv`: what each way of coding a fit takes and shows."""
        return self.reports / "rates"

    def rates(self, profile: str, method: str) -> Path:
        return self.rates_of_all / profile / f"{method}.csv"

    def coded(self, profile: str, method: str) -> Path:
        """The files that these rates are of: `<codec>/<setting>/<image>.rfd`, and a setting may have a slash."""
        return self.data / profile / "coded" / method

    @property
    def coding_seconds_of_all(self) -> Path:
        """Holds `<profile>/<method>.csv`: how long files took, which another run may change."""
        return self.provenance_of_all / "rates"

    def coding_seconds(self, profile: str, method: str) -> Path:
        return self.coding_seconds_of_all / profile / f"{method}.csv"

    def coding_report(self, profile: str) -> Path:
        """The page of these seconds."""
        return self.coding_seconds_of_all / f"{profile}.md"

    @property
    def gains(self) -> Path:
        """How many bits each way of coding saves."""
        return self.reports / "gains.md"

    def seen(self, profile: str) -> Path:
        """What a profile's files show, and what the network of its task sees there."""
        return self.reports / "seen" / f"{profile}.csv"
