"""Where a comparison of codecs and fields lies: the files of papers/rates, beside those that every paper has."""

from pathlib import Path

from refield.pipeline.layout import Layout

FIELDS = "fields"  # where a codec's name is, of the seconds that files of fields took


class ComparisonLayout(Layout):
    """The files of a comparison, from a clone's root."""

    @property
    def published(self) -> Path:
        """Rate-distortion curves of others."""
        return self._own("published.yaml")

    @property
    def measured_of_all(self) -> Path:
        """Holds `<profile>/<codec>.csv`: rates of standard codecs."""
        return self.reports / "measured"

    def measured(self, profile: str, codec: str) -> Path:
        return self.measured_of_all / profile / f"{codec}.csv"

    def compressed(self, profile: str) -> Path:
        """Rates of a profile's photographs as fields, in a CSV file of each method."""
        return self.reports / "compressed" / profile

    def decompressed(self, profile: str) -> Path:
        """The pictures that these files hold: `<method>/<setting>/<image>.png`."""
        return self.data / profile / "compressed"

    def compared(self, profile: str) -> Path:
        """Pictures of a profile at equal rates, as a page has them."""
        return self.reports / "pictures" / f"{profile}.json"

    def rate_report(self, suffix: str) -> Path:
        """The report of rates and distortions: .md, .svg, .html."""
        return self.reports / f"rates{suffix}"
