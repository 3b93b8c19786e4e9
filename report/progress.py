"""Where a piece of work is: each stage says its name, and how much of how much is done."""


class Stages:
    """Takes what a piece of work says of where it is; this one tells nobody.

    It is a `quadnet.training.Progress` of the present stage, too.
    """

    def stage(self, name: str, total: int = 0, unit: str = "", done: int = 0) -> None:
        """A stage begins.

        Args:
            name: What is done now.
            total: How much there is to do, if that can be counted.
            unit: What is counted, where rate and remaining time are of interest.
            done: How much of it was there already.
        """

    def __call__(self, done: int) -> None:
        """So much of the present stage is done."""


SILENT = Stages()
