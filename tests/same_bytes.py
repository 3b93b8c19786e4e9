"""Makes what the program can make, some 60 artefacts, and prints the SHA-256 of every file.

    python -P tests/same_bytes.py FOLDER > before.txt

The same before and after a change: an empty `diff before.txt after.txt` says that no byte of any output changed. The
program's own digest, which stands in every manifest and so in every PDF, is held constant; `run.log.json`, which tells
times, is left out. A PDF has a second line, the digest of its content without its identifier.
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path

from quadnet import program
from quadnet.report.record import manifest

ODD = {
    "narrow": ["--hidden", "2"],
    "deep": ["--hidden", "8,8,8"],
    "no-hidden": ["--set", "network.hidden=[]"],
    "one-unit": ["--hidden", "1"],
    "wild-start": ["--set", "network.initial_scale=1"],
    "zero-start": ["--set", "network.initial_scale=0"],
    "no-spread": ["--set", "data.spread=0"],
    "wide": ["--set", "data.spread=2.5"],
    "unequal": ["--set", "data.samples_per_class=[400,100,50,10]"],
    "averaging": ["--momentum", "0.9", "--set", "training.optimizer=averaging"],
    "nesterov": ["--momentum", "0.9", "--set", "training.optimizer=nesterov"],
    "heavy": ["--momentum", "0.99"],
    "fast": ["--learning-rate", "60"],
    "one-epoch": ["--epochs", "1"],
    "hundred": ["--epochs", "100"],
    "long": ["--epochs", "60000"],
    "one-sample": ["--set", "data.samples_per_class=1"],
    "far": ["--set", "data.centres=[[5,5],[-5,5],[-5,-5],[5,-5]]"],
    "pairs": ["--set", "data.centres=[[1,1],[1,1],[-1,-1],[-1,-1]]"],
    "slow": ["--seed", "3", "--weight-seed", "7", "--learning-rate", "0.05"],
    "sharp": ["--learning-rate", "5", "--set", "data.spread=0.2"],
}
ROSTER = "id;name;language\n1001;Ada Lovelace;en\n1002;李雷;zh\n1003;Émile Zola;en\n1004;=1+1;en\n"


def call(*arguments: str) -> None:
    """Runs the command line in this process and goes on whatever its exit code."""
    from quadnet.report.cli import app

    try:
        app([*arguments], standalone_mode=True)
    except SystemExit as end:
        print(f"{end.code or 0}  quadnet {' '.join(arguments)}")


def make() -> None:
    """Makes everything in the current folder."""
    for language in ("en", "zh"):
        call("report", "-q", "--lang", language, "--output-dir", language)
        for paper in ("a4", "letter"):
            call("handout", "-q", "--lang", language, "--paper", paper, "--output-dir", language)
    for name, arguments in ODD.items():
        call("report", "-q", "--set", f"name={name}", *arguments, "--output-dir", "odd")
    for name in ("narrow", "unequal", "heavy", "slow"):
        call("handout", "-q", "--set", f"name={name}", *ODD[name], "--output-dir", "odd-handouts")
    Path("roster.csv").write_text(ROSTER, encoding="utf-8")
    call("handout", "-q", "--roster", "roster.csv", "--edition", "both", "--to", "html,pdf", "--output-dir", "class")
    call("sweep", "-q", "--seeds", "0:2", "--weight-seeds", "0:3", "--output-dir", "sweep")
    runs = sorted(str(path) for path in Path("odd").iterdir())
    call("diff", runs[0], runs[1], "--html", "diff.html")
    call("list", "odd", "--html", "list.html")
    call("list", "odd", "--lang", "zh", "--html", "list-zh.html")
    for run in runs[:3]:
        call("archive", run, "--output", f"{Path(run).name}.zip")
        shutil.copy(Path(run) / "history.csv", f"{Path(run).name}.csv")
        call("phases", f"{Path(run).name}.csv")
        call("verify", "-q", run)


def digests() -> None:
    """Prints the digests of all files below the current folder."""
    for path in sorted(Path().rglob("*")):
        if path.is_file() and path.name != "run.log.json":
            content = path.read_bytes()
            print(f"{hashlib.sha256(content).hexdigest()}  {path}")
            if path.suffix == ".pdf":
                print(f"{manifest.content_digest(content)}  {path} without its identifier, unpacked")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True)
    os.chdir(folder)
    os.environ.pop("SOURCE_DATE_EPOCH", None)
    manifest.source_digest = lambda: "0" * 64  # both change with each commit
    program.numbers_digest = lambda: "0" * 16
    make()
    digests()
