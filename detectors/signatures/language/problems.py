"""Why a rule is refused, raised while one is read; loading turns it into a Problem with its place."""

from __future__ import annotations


class RuleError(Exception):
    """A rule that cannot be used. offset is the place in the rule's text (from 0), None for the whole rule.

    valid: the rule itself is right; what it needs is not here.
    """

    def __init__(self, keyword: str, what: str, remedy: str = "", offset: int | None = None, *,
                 valid: bool = False) -> None:
        super().__init__(what)
        self.keyword, self.what, self.remedy, self.offset, self.valid = keyword, what, remedy, offset, valid


class ValueProblem(Exception):
    """The value of a keyword is wrong; who reads the options adds which keyword and where."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


class FileAbsent(ValueProblem):
    """A rule names a file that is not there: the rule itself is right."""


class RuleSkipped(Exception):
    """A rule that asks not to be loaded here (requires): neither a rule nor an error."""
