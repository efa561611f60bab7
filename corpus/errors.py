"""Every error that Ibidem raises on purpose.

    IbidemError                     something failed; exit code 3
    ├── WrongUse                    the caller asked for something that can't be; exit code 2
    │   ├── InvalidSetting          a setting has a value it can't have
    │   ├── InvalidQuestion         a question that is blank, too long or not text
    │   ├── InvalidField            a field of a request that has a value it can't have
    │   │   └── InvalidFilter       a filter by a date that is none, a period of no days, or a blank value
    │   ├── InvalidCitation         a citation to check that lacks what a check needs, or has what no citation has
    │   ├── InvalidPlace            a place to cite that the text doesn't have
    │   ├── InvalidQuote            a quote to check that is empty, too long or not text
    │   ├── InvalidFeedback         feedback that is too long or not text
    │   ├── NotJson                 citations to check that are not JSON
    │   ├── InvalidQuestions        a set of questions for evaluation that is missing or has a mistake
    │   ├── InvalidRun              a run file that is missing or has a mistake
    │   ├── InvalidResult           the result of an evaluation that can't be read, or a folder that is none
    │   └── NotComparable           two evaluations of different questions
    ├── UnreadableArticle           a file that is no article; the build reports it and goes on
    ├── NotFetched                  a page that can't be had from the web, with the reason
    ├── NoArticles                  a folder of articles that is missing or can't be listed
    ├── UnknownArticle              no article of that id in the generation
    ├── FeedbackOff                 no feedback is kept, by the settings
    ├── FeedbackUnavailable         the file of feedback can't be read or written
    ├── UnknownFeedback             no feedback, or no question without an answer, of that id
    ├── UnlocatedGold               what a question should find is not in the index
    ├── EncoderUnavailable          the model can't be had, or its files aren't what they should be
    ├── NoIndex                     nothing has been built yet
    ├── UnknownGeneration           no generation of that id in the index
    ├── DamagedGeneration           a generation whose parts don't fit its manifest
    ├── UnsupportedFormat           a generation of another format version
    ├── BuildInProgress             another builder holds the lock
    ├── WorseGeneration             a new generation that the gate refuses to publish; exit code 1
    └── PortInUse                   the service can't listen where it was told to

The message of each says what was wrong, where, and what to do about it, in one line. The HTTP statuses of
those that reach a client stand in one table in ``qa.app``.
"""


class IbidemError(Exception):
    """Something failed; the message is one line for a person."""

    exit_code = 3


class WrongUse(IbidemError):
    """The caller asked for something that can't be."""

    exit_code = 2


class InvalidSetting(WrongUse):
    """A setting has a value that it can't have."""


class InvalidQuestion(WrongUse):
    """A question that is blank, too long or not text."""


class InvalidField(WrongUse):
    """A field of a request that can't be so; ``field`` is its name, ``problem`` what is wrong with it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


class InvalidFilter(InvalidField):
    """A filter that can't be."""


class InvalidCitation(WrongUse):
    """A citation to check that lacks what a check needs, or has what no citation has."""


class InvalidPlace(WrongUse):
    """A place to cite that the text doesn't have."""


class InvalidQuote(WrongUse):
    """A quote to check that is empty, too long or not text."""


class InvalidFeedback(WrongUse):
    """Feedback that is too long or not text."""


class NotJson(WrongUse):
    """Citations to check that are not JSON."""


class InvalidQuestions(WrongUse):
    """A set of questions for evaluation that is missing or has a mistake."""


class InvalidRun(WrongUse):
    """A run file that is missing or has a mistake."""


class InvalidResult(WrongUse):
    """The result of an evaluation that can't be read, or a folder that is none."""


class NotComparable(WrongUse):
    """Two evaluations that are not of the same questions."""


class UnreadableArticle(IbidemError):
    """A file that can't be read as an article, with the reason."""


class NotFetched(IbidemError):
    """A page that can't be had from the web, with the reason."""


class NoArticles(IbidemError):
    """A folder of articles that is missing or can't be listed."""


class UnknownArticle(IbidemError):
    """No article of that id in the generation."""


class FeedbackOff(IbidemError):
    """No feedback is kept, by the settings."""


class FeedbackUnavailable(IbidemError):
    """The file of feedback can't be read or written."""


class UnknownFeedback(IbidemError):
    """No feedback, or no question without an answer, of that id."""


class UnlocatedGold(IbidemError):
    """What a question should find is not in the index."""


class EncoderUnavailable(IbidemError):
    """The model can't be had, or its files aren't what they should be."""


class NoIndex(IbidemError):
    """Nothing has been built at this place yet."""


class UnknownGeneration(IbidemError):
    """No generation of that id in the index."""


class DamagedGeneration(IbidemError):
    """A generation whose parts don't fit its manifest."""


class UnsupportedFormat(IbidemError):
    """A generation written in another format version."""


class BuildInProgress(IbidemError):
    """Another builder holds the lock."""


class WorseGeneration(IbidemError):
    """A new generation that is significantly worse than the one serving, and was not published."""

    exit_code = 1


class PortInUse(IbidemError):
    """The service can't listen where it was told to."""
