"""The sentences that depend on a run, and the languages that they are in."""
