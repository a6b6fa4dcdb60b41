"""Lines of a report: the header, a result, a case that travels with it, the footer; each one JSON object."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mtlspec.spec.training import Precision
from mtlspec_conformance.case_file import CaseFile
from mtlspec_conformance.verdicts import VERDICTS, Verdict

FORMAT = 2
Count = Annotated[int, Field(ge=0)]
Text = Annotated[str, Field(min_length=1)]
Size = Annotated[float, Field(ge=0)] | Literal["inf"]
"""A scaled error; infinite where the two sides cannot be compared."""
Examined = Literal["suite", "document", "fuzz", "witness"]
"""Cases of the suite, a user's document, drawn specs, or two native programs that no document describes."""


class Stored(BaseModel):
    """One line: these keys, of these types, and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Header(Stored):
    """Who was held against what, and where: what a reader needs to judge the results, and to repeat them."""

    report: Literal[2]
    """The version of this format."""
    suite: Text
    """The version of the cases."""
    spec: int
    """The version of the documents."""
    case_set: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """The digest of all cases of the suite: reports with the same digest can be compared."""
    examined: Examined
    backend: Text
    address: Text
    """The `module:attribute` that makes the backend."""
    device: Text
    precisions: Annotated[tuple[Precision, ...], Field(min_length=1)]
    limit: float
    """Of a scaled error in float64; each line has its own."""
    ratio: float | None = None
    """How many times the noise of the reference the limit of float32 is."""
    floor: float
    """The least scale of a tensor, as a share of the largest of its kind."""
    seed: int | None
    """Of drawn specs; the suite draws nothing."""
    threads: dict[str, int | str]
    flags: dict[str, bool | str]
    python: Text
    platform: Text
    versions: dict[str, str]
    written: Text
    """When, in UTC."""
    command: str
    """What was typed to make it; it stands for cases that are too large to travel, or that are none."""


class Line(Stored):
    """The verdict of one case at one level in one precision."""

    case: Text
    level: Text
    precision: Precision
    verdict: Verdict
    findings: Count
    disagreements: Count
    worst: str | None
    """The key path of the worst tensor, with the batch or step; of the closest call where all agree."""
    error: Size | None
    limit: float | None
    """What the error may be; nothing where only the same would do."""
    noise: Size | None
    """How far the reference itself moves in this precision under exact symmetries."""
    ratio: Size | None
    """The error by the noise."""
    step: int | None
    """The step that the worst finding names."""
    first: str | None = None
    """The key path where the two sides part first."""
    reason: str
    """What was expected and what was found."""
    detail: str
    """Why it is an error, unsupported, or declared."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        """Refuse a verdict that its own numbers contradict."""
        if self.disagreements > self.findings:
            raise ValueError(f"{self.disagreements} disagreements among {self.findings} findings")
        if self.verdict == "conforms" and (self.disagreements or not self.findings):
            raise ValueError(f"conforms, with {self.disagreements} disagreements in {self.findings} findings")
        if self.verdict in ("differs", "deviates") and (not self.disagreements or self.worst is None):
            raise ValueError(f"{self.verdict}, without a disagreement")
        if self.verdict in ("unsupported", "not_run") and self.findings:
            raise ValueError(f"{self.verdict}, with {self.findings} findings")
        if self.verdict in ("deviates", "error", "unsupported") and not self.detail:
            raise ValueError(f"{self.verdict}, without a detail that says why")
        return self

    @property
    def key(self) -> tuple[str, str, Precision]:
        """What no two lines share."""
        return self.case, self.level, self.precision

    @property
    def carried(self) -> bool:
        """Whether the report has to carry the case: where it is to be looked into, even without the suite."""
        return self.verdict in ("differs", "deviates", "error")


class Embedded(Stored):
    """A case that travels with the report."""

    case: CaseFile


class ProfileLine(Stored):
    """The verdict of a profile that the backend claims."""

    profile: Text
    verdict: Verdict
    conforms: Count
    of: Count
    unseen: tuple[str, ...]
    """Kinds of the profile that no case within the claims needs."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.conforms > self.of:
            raise ValueError(f"{self.conforms} conform, of {self.of}")
        return self


class Footer(Stored):
    """The end, without which a report is none: the counts, and what nobody looked at."""

    footer: Literal[True]
    of: Count
    counts: dict[Verdict, Count]
    untested: tuple[str, ...]
    """Every value of a field of the schema that no case exercises."""
    complaints: tuple[str, ...]
    """What is wrong with the declared deviations."""
    profiles: tuple[ProfileLine, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if set(self.counts) != set(VERDICTS):
            raise ValueError(f"counts needs every verdict, {', '.join(VERDICTS)}; found {', '.join(self.counts)}")
        return self
