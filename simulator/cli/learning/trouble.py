"""What can stop a learner's command: said in one sentence, with what to do and an exit code."""

from simulator.cli.printing import Code


class Trouble(Exception):
    """The command cannot go on; `remedy` says what to do."""

    def __init__(self, sentence: str, *, code: Code, remedy: str = "", name: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.remedy = remedy
        self.name = name or code.name.lower()
