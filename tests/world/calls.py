"""A call of the program in any environment, for the cases and for the scripts that try many."""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROGRAM = [sys.executable, "-P", "-m", "quadnet"]
SMALL = ["--epochs", "60", "--set", "replicates.runs=0", "--set", "evaluation.points=100", "--no-progress"]
CAUGHT = "caught"  # a stream that goes to the test


@dataclass(frozen=True)
class Said:
    """What became of a call.

    Attributes:
        code: Its exit code, or minus the signal that ended it.
        out: Standard output.
        err: Standard error.
        seconds: Of processors' time that it took.
        megabytes: The most memory that one process of it held.
    """

    code: int
    out: str
    err: str
    seconds: float = 0.0
    megabytes: float = 0.0


class Quadnet:
    """Calls the program: in a fork of one that is loaded, or in a fresh process where the start is what matters."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._zygote = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("zygote.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
        )

    def close(self) -> None:
        """Ends the loaded program."""
        self._zygote.communicate()

    def __call__(
        self,
        *arguments: object,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bytes | None = b"",
        stdout: str | None = CAUGHT,
        stderr: str | None = CAUGHT,
        limits: Mapping[str, int] | None = None,
        umask: int = 0o022,
        fresh: bool = False,
        patience: int = 300,
    ) -> Said:
        """Calls the program and waits.

        Args:
            arguments: Of the command line.
            cwd: The folder it runs in; an empty one if not given.
            env: Variables to add.
            stdin: What stands on standard input; None for a closed one.
            stdout: A file such as /dev/full that takes it, or None for a closed one.
            stderr: The same for standard error.
            limits: Soft limits by the names of `resource`, such as NOFILE.
            umask: Of the process.
            fresh: Whether an interpreter has to start anew.
            patience: Seconds after which SIGALRM ends it.
        """
        with tempfile.TemporaryDirectory(dir=self._folder) as made:
            place = Path(made)
            (place / "empty").mkdir()
            (place / "in").write_bytes(stdin or b"")
            names = {
                "stdin": None if stdin is None else str(place / "in"),
                "stdout": str(place / "out") if stdout == CAUGHT else stdout,
                "stderr": str(place / "err") if stderr == CAUGHT else stderr,
            }
            job = {
                "arguments": list(map(str, arguments)),
                "cwd": str(cwd or place / "empty"),
                "env": environment() | dict(env or {}),
                "limits": dict(limits or {}),
                "umask": umask,
                "patience": patience,
                **names,
            }
            answer = self._fresh(job) if fresh else self._forked(job)
            texts = [
                path.read_bytes().decode(errors="backslashreplace") if path.exists() else ""
                for path in (place / "out", place / "err")
            ]
        return Said(answer["code"], *texts, answer["seconds"], answer["kB"] / 1024)

    def _forked(self, job: Mapping[str, object]) -> dict[str, float]:
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        self._zygote.stdin.write(json.dumps(job).encode() + b"\n")
        self._zygote.stdin.flush()
        answer: dict[str, float] = json.loads(self._zygote.stdout.readline())
        return answer

    def _fresh(self, job: Mapping[str, object]) -> dict[str, float]:
        def prepare() -> None:
            os.umask(job["umask"])  # type: ignore[arg-type]
            signal.alarm(job["patience"])  # type: ignore[arg-type]
            for number, name in enumerate(("stdin", "stdout", "stderr")):
                if job[name] is None:
                    os.close(number)
                else:
                    flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
                    os.dup2(os.open(job[name], flags), number)  # type: ignore[arg-type]
            for name, most in job["limits"].items():  # type: ignore[attr-defined]
                kind = getattr(resource, f"RLIMIT_{name}")
                resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))

        command = [*PROGRAM, *job["arguments"]]  # type: ignore[misc]
        done = subprocess.run(command, cwd=job["cwd"], env=job["env"], preexec_fn=prepare, check=False)  # type: ignore[call-overload]
        return {"code": done.returncode, "seconds": 0.0, "kB": 0.0}


def environment() -> dict[str, str]:
    """That of the tests, from any folder."""
    values = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    if path := values.get("PYTHONPATH"):
        values["PYTHONPATH"] = os.pathsep.join(str(Path(part).resolve()) for part in path.split(os.pathsep))
    return values
