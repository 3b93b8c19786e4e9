"""Nothing between the configuration and the figures may depend on the processor or on the system's libraries."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import quadnet

PATH = sorted(path.stem for path in Path(quadnet.__file__).parent.glob("*.py"))

# math.sqrt and math.fsum are rounded correctly by definition; isfinite and the constants are exact.
MATH = {"sqrt", "fsum", "inf", "nan", "isfinite", "isnan"}
# NumPy: moves, comparisons, whole numbers, and single IEEE operations. median only sorts and halves one sum; cumsum
# adds one after the other, since every partial sum is asked for; random_sample is integer work. setbufsize says how
# many numbers are worked at a time, which could only regroup sums along the last axis.
NUMPY = set(
    """
    append arange argmin array asarray ascontiguousarray asfortranarray bincount column_stack concatenate
    count_nonzero diag diff empty empty_like errstate eye finfo flatnonzero float64 full_like inf int64 isfinite isnan
    maximum median meshgrid minimum nan ndarray newaxis ones ones_like repeat searchsorted setbufsize stack trace ufunc
    vstack where zeros zeros_like abs add multiply subtract divide sqrt left_shift cumsum prod random shape typing
    """.split()  # noqa: SIM905  # a list would take a line a name
)
# Sums in an order that is NumPy's own, and its own normals. `sum` only where every term is a whole number.
METHODS = {"sum", "mean", "dot", "std", "var", "reduce", "randn", "normal", "standard_normal"}
EXCEPTIONS = {
    ("metrics", "matrix.sum(axis=1)"),  # counts
    ("metrics", "matrix.sum(axis=0)"),
    ("metrics", "matrix.sum()"),
    ("evidence", "matrix.sum()"),
    ("mixture", "counts.sum()"),  # whole numbers below 2^53
    # Along an axis that is not the last of a contiguous array, `reduce` adds row by row, in order.
    ("arithmetic", "np.add.reduce(rows, axis=0)"),
    ("workspace", "np.add.reduce(layer.terms, axis=0, out=layer.logits)"),
    ("workspace", "np.add.reduce(layer.back, axis=0, out=lower.delta)"),
    ("workspace", "np.add.reduce(linear, axis=0, out=self._linear[row])"),
    ("workspace", "np.multiply.reduce(nearest, axis=0, out=self._factors[row])"),
    ("workspace", "np.maximum.reduce(np.abs(self._bits))"),  # no rounding
    ("workspace", "sum(((rows + 1) * columns for rows, columns in itertools.pairwise(widths)))"),  # whole numbers
    ("arithmetic", "2 ** 0.5"),  # where softplus changes its form: either side is right
}


def _faults(module: str, source: str) -> list[str]:
    """What in the source may have other bits elsewhere."""
    found = []
    for node in ast.walk(ast.parse(source)):
        text = ast.unparse(node) if isinstance(node, ast.expr | ast.AugAssign | ast.ImportFrom | ast.Import) else ""
        if (module, text) in EXCEPTIONS:
            continue
        match node:
            case ast.Attribute(value=ast.Name(id="np"), attr=name) if name not in NUMPY:
                found.append(text)
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if name not in MATH:
                found.append(text)
            case ast.Call(func=ast.Attribute(attr=name)) if name in METHODS:
                found.append(text)
            case ast.BinOp(op=ast.MatMult()) | ast.AugAssign(op=ast.MatMult() | ast.Pow()):
                found.append(text)
            case ast.BinOp(op=ast.Pow(), left=left, right=right) if not _exact_power(left, right):
                found.append(text)
            case ast.ImportFrom(module="numpy" | "math" | "scipy" | "cmath" | "statistics"):
                found.append(text)
            case ast.Import(names=names) if any(_strange(alias) for alias in names):
                found.append(text)
            case ast.Call(func=ast.Name(id="pow" | "sum"), args=[_, *_]) if not _counts(node):
                found.append(text)
    return found


def _exact_power(left: ast.expr, right: ast.expr) -> bool:
    """A power of 2 or of a whole number; names in capitals are whole numbers here."""
    whole = isinstance(left, ast.Constant) and (isinstance(left.value, int) or left.value == 2)
    base = whole or (isinstance(left, ast.Name) and left.id.isupper())
    exponent = right.operand if isinstance(right, ast.UnaryOp) else right
    return base and isinstance(exponent, ast.Constant) and isinstance(exponent.value, int)


def _strange(alias: ast.alias) -> bool:
    """An import that this check could not follow."""
    root = alias.name.split(".")[0]
    usual = {"numpy": "np", "math": None}
    return root in {"scipy", "cmath", "statistics"} or (root in usual and alias.asname != usual[root])


def _counts(call: ast.Call) -> bool:
    """A sum of lengths; Python 3.12 sums floats in another way than 3.11."""
    return "len(" in ast.unparse(call)


@pytest.mark.parametrize("module", PATH)
def test_the_path_to_the_figures_uses_only_exact_operations(module: str) -> None:
    source = Path(quadnet.__file__).with_name(f"{module}.py").read_text(encoding="utf-8")
    assert _faults(module, source) == []


@pytest.mark.parametrize(
    "planted",
    [
        "np.exp(x)",
        "np.log(x)",
        "np.log1p(x)",
        "np.tanh(x)",
        "np.dot(x, x)",
        "np.matmul(x, x)",
        "np.einsum('i->', x)",
        "np.mean(x)",
        "np.sum(x)",
        "np.linalg.norm(x)",
        "np.polynomial.legendre.leggauss(3)",
        "np.geomspace(1, 2)",
        "np.linspace(0, 1)",
        "x @ x",
        "x.sum()",
        "x.sum(axis=0)",
        "x.mean()",
        "x.dot(x)",
        "x ** 2",
        "x ** 0.5",
        "math.exp(1)",
        "math.log(2)",
        "math.erf(1)",
        "math.erfc(1)",
        "math.pow(1, 2)",
        "sum(x)",
        "np.add.reduce(x)",
        "np.random.RandomState(0).randn(3)",
    ],
)
def test_a_planted_operation_is_seen(planted: str) -> None:
    source = Path(quadnet.__file__).with_name("mixture.py").read_text(encoding="utf-8")
    assert _faults("mixture", f"{source}\n\ndef planted(x):\n    return {planted}\n")


def test_an_import_of_a_single_function_is_seen() -> None:
    assert _faults("phases", "from math import exp")
    assert _faults("phases", "import scipy.special")
    assert _faults("phases", "import numpy as xp")
    assert _faults("phases", "def f(x, y):\n    x @= y")


PROGRAM = """
import hashlib
import numpy as np
from quadnet.config import parse
from quadnet.dataset import quadrants
from quadnet.evidence import observe
from quadnet.metrics import measure
from quadnet.phases import detect
from quadnet.training import train
np.set_printoptions(floatmode="unique", threshold=10**9)
config = parse({"training": {"epochs": 300, "learning_rate": 2.5}, "data": {"samples_per_class": [20, 50, 30, 40]},
    "evaluation": {"points": 2000}})
dataset = quadrants(config)
history = train(config, dataset)
phases = detect(history.loss)
levels = [dataset.mixture.level(groups) for groups in ([[0, 1, 2, 3]], [[0], [1, 3], [2]], [[0], [1], [2], [3]])]
parts = [history.loss.tobytes(), history.parameters.tobytes()]
parts += [repr(part).encode() for part in (phases, measure(config, dataset, history), levels)]
parts.append(repr(observe(dataset, history, phases)).encode())
print(" ".join(hashlib.sha256(part).hexdigest()[:16] for part in parts))
"""

CURVATURE = """
import hashlib
import numpy as np
from quadnet.config import parse
from quadnet.curvature import coordinates, hessian, profile
from quadnet.dataset import quadrants
from quadnet.escape import escape
from quadnet.network import forward
from quadnet.phases import detect
from quadnet.spectrum import effective_rank, eigenvalues, lowest, singular_values, variances
from quadnet.training import train
np.set_printoptions(floatmode="unique", threshold=10**9)
config = parse({"training": {"epochs": 2200}})
dataset = quadrants(config)
history = train(config, dataset)
states = [history.at(epoch) for epoch in (0, 100, 1000, 1700, 2200)]
hessians = np.stack([hessian(state, dataset.points, dataset.one_hot) for state in states])
way_out = escape(config, dataset, history, detect(history.loss).closed_plateaus[0])
value, direction = lowest(hessians[1])
spread = variances(forward(states[-1], dataset.points)[0][2])
parts = [hessians, eigenvalues(hessians), direction, profile(dataset, way_out.saddle, direction, np.array([-0.3, 0.5]))]
parts += [coordinates(history, way_out.saddle, direction), singular_values(history.parameters[:, :6].reshape(-1, 2, 3))]
parts += [spread, effective_rank(spread)]
parts = [part.tobytes() for part in parts] + [repr((way_out, value)).encode()]
print(" ".join(hashlib.sha256(part).hexdigest()[:16] for part in parts))
"""

CLAIMS = """
import hashlib
import numpy as np
from quadnet.config import parse
from quadnet.experiment import conduct
np.set_printoptions(floatmode="unique", threshold=10**9)
run = conduct(parse({"training": {"epochs": 2200}, "evaluation": {"points": 100}}))
assert run.standstill is not None and len(run.crossings) == 2
expected = [c.expected(trial, -0.01) for c in run.crossings for trial in c.trials]
measured = [(number, verdict.outcome, verdict.measured) for number, verdict in run.verdicts.items()]
parts = [measured, run.crossings, expected, run.standstill, run.anatomy, run.companion, run.warning]
print(" ".join(hashlib.sha256(repr(part).encode()).hexdigest()[:16] for part in parts))
"""


def _elsewhere(program: str, **variables: str) -> str:
    command = [sys.executable, "-P", "-c", program]  # -P: the package under test, not the folder pytest runs in
    run = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=True)
    return run.stdout.strip()


@pytest.mark.parametrize(("program", "results"), [(PROGRAM, 6), (CURVATURE, 9), (CLAIMS, 7)])
def test_the_processor_leaves_no_trace(program: str, results: int) -> None:
    here = _elsewhere(program)
    assert len(here.split()) == results
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    assert _elsewhere(program, NPY_DISABLE_CPU_FEATURES=" ".join(found), OPENBLAS_CORETYPE="Prescott") == here
