"""The program, as `python -m quadnet`."""

from runpy import run_module

run_module("quadnet.report", run_name="__main__", alter_sys=True)  # which an installation puts into this package
