"""Makes the golden record anew, numbers and figures without pages, after a deliberate change of either.

pip install -e . && python -P tests/golden.py
"""

from pathlib import Path

from quadnet.config import load, parse
from quadnet.report.run import build as run_build

OUTPUTS = Path(__file__).parents[1] / "outputs"

if __name__ == "__main__":
    (golden,) = OUTPUTS.glob("golden-*")
    print(run_build.build(parse(load(golden / "config.toml")), OUTPUTS, (), force=True).path)
