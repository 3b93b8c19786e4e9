"""The whole `quadnet report` beside what a user would do instead: the note as a notebook, executed and printed.

    pip install . nbconvert ipykernel && python tests/benchmarks/report.py [RUNS]

Needs Chromium. The two take turns, since machines are noisy; prints each time and the ratio of the medians.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

CELLS = (
    """\
import matplotlib.pyplot as plt
import numpy as np
rng = np.random.RandomState(0)
X = np.concatenate([rng.randn(200, 2) * 0.5 + c for c in ((1, 1), (-1, 1), (-1, -1), (1, -1))])
y = np.repeat(np.arange(4), 200)
order = rng.permutation(800)
X, y = X[order], y[order]
Y = np.eye(4)[y]
plt.scatter(X[:, 0], X[:, 1], c=y)
plt.show()""",
    """\
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

rng = np.random.RandomState(0)
shapes = (2, 3), (1, 3), (3, 3), (1, 3), (3, 4), (1, 4)
W1, b1, W2, b2, W3, b3 = (rng.randn(*shape) * 0.01 for shape in shapes)
losses = []
for epoch in range(10_000):
    A1 = sigmoid(X @ W1 + b1)
    A2 = sigmoid(A1 @ W2 + b2)
    A3 = sigmoid(A2 @ W3 + b3)
    losses.append(np.sum(-Y * np.log(A3) - (1 - Y) * np.log(1 - A3)) / len(X))
    D3 = (A3 - Y) / len(X)
    D2 = D3 @ W3.T * A2 * (1 - A2)
    D1 = D2 @ W2.T * A1 * (1 - A1)
    W3, b3 = W3 - 0.5 * A2.T @ D3, b3 - 0.5 * D3.sum(axis=0, keepdims=True)
    W2, b2 = W2 - 0.5 * A1.T @ D2, b2 - 0.5 * D2.sum(axis=0, keepdims=True)
    W1, b1 = W1 - 0.5 * X.T @ D1, b1 - 0.5 * D1.sum(axis=0, keepdims=True)""",
    """\
plt.plot(losses)
plt.xlabel("epoch")
plt.ylabel("loss")
plt.show()""",
    """\
u, v = np.meshgrid(np.linspace(-3, 3, 200), np.linspace(-3, 3, 200))
grid = np.column_stack([u.ravel(), v.ravel()])
classify = lambda points: sigmoid(sigmoid(sigmoid(points @ W1 + b1) @ W2 + b2) @ W3 + b3).argmax(axis=1)
plt.contourf(u, v, classify(grid).reshape(u.shape))
plt.show()
print((classify(X) == y).mean())""",
)
CHROMIUM = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
]


def notebook(folder: Path) -> None:
    """Executes the note to HTML and prints that to PDF."""
    source = folder / "note.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS]), source)
    run(sys.executable, "-m", "nbconvert", "--execute", "--to", "html", str(source))
    profile = f"--user-data-dir={folder / 'profile'}"
    page = source.with_suffix(".html")
    run("chromium", *CHROMIUM, profile, f"--print-to-pdf={folder / 'note.pdf'}", page.as_uri())


def report(folder: Path) -> None:
    """Builds the default report."""
    run(str(Path(sys.executable).with_name("quadnet")), "report", "--output-dir", str(folder / "outputs"))


def run(*command: str) -> None:
    """Runs a command to its end, silently."""
    subprocess.run(command, check=True, capture_output=True)


def main() -> None:
    """Measures both in turn and prints the figures."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds: dict[str, list[float]] = {"notebook": [], "report": []}
    for _ in range(runs + 1):
        for name, job in (("notebook", notebook), ("report", report)):
            folder = Path(tempfile.mkdtemp())
            start = time.perf_counter()
            job(folder)
            seconds[name].append(time.perf_counter() - start)
            shutil.rmtree(folder)
    medians = {name: statistics.median(times[1:]) for name, times in seconds.items()}  # the first one warms up
    for name, times in seconds.items():
        print(f"{name}: median {medians[name]:.2f} s of {', '.join(f'{t:.2f}' for t in times[1:])}")
    print(f"report / notebook = {medians['report'] / medians['notebook']:.2f} (to stay below 0.50)")


if __name__ == "__main__":
    main()
