"""The program, loaded once and forked for each call: a call costs what it does, not what loading it takes.

Reads a job a line from standard input, JSON as `calls.Quadnet` writes it; answers each with a line of JSON.
"""

import gc
import io
import json
import os
import resource
import signal
import sys
from typing import Any

import matplotlib.figure  # noqa: F401  # loaded for the calls, as those below
import pypdf  # noqa: F401

import quadnet.report.handout.build
import quadnet.report.pages.render
import quadnet.report.run.page
import quadnet.report.sweep.page  # noqa: F401
from quadnet.config import parse
from quadnet.report.cli import main
from quadnet.report.run import build


def become(job: dict[str, Any]) -> None:
    """In the child: takes on the folder, environment, limits and streams of a process that was started for the job."""
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["env"])
    os.umask(job["umask"])
    signal.alarm(job["patience"])
    for stream, name in enumerate(("stdin", "stdout", "stderr")):
        flags = os.O_RDONLY if stream == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
        if job[name] is None:
            os.close(stream)
            setattr(sys, name, None)
            continue
        place = os.open(job[name], flags)
        os.dup2(place, stream)
        os.close(place)
        encoding, _, errors = job["env"].get("PYTHONIOENCODING", "utf-8").partition(":")
        buffer = open(stream, "rb" if stream == 0 else "wb", closefd=False)  # noqa: SIM115  # lives with the process
        errors = "backslashreplace" if name == "stderr" else errors or "strict"
        setattr(sys, name, io.TextIOWrapper(buffer, encoding or "utf-8", errors, line_buffering=name == "stderr"))
        setattr(sys, f"__{name}__", getattr(sys, name))
    for name, most in job["limits"].items():
        kind = getattr(resource, f"RLIMIT_{name}")
        resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))
    sys.argv = ["quadnet", *job["arguments"]]


def warm() -> None:
    """Makes a run in memory, after which templates are compiled, fonts are loaded and letters are drawn."""
    config = parse({"training": {"epochs": 60}, "evaluation": {"points": 100}, "replicates": {"runs": 0}})
    build.make(config, ["html"], "2000-01-01T00:00:00Z", None)


def serve() -> dict[str, Any] | None:
    """Forks for each job; returns in the child, with its job, and at the end in the parent, with none."""
    answers = os.fdopen(os.dup(1), "w")
    for line in iter(sys.stdin.buffer.readline, b""):
        job: dict[str, Any] = json.loads(line)
        child = os.fork()
        if child == 0:
            answers.close()
            return job
        _, status, used = os.wait4(child, 0)
        answer = {
            "code": os.waitstatus_to_exitcode(status),
            "seconds": used.ru_utime + used.ru_stime,
            "kB": used.ru_maxrss,
        }
        print(json.dumps(answer), file=answers, flush=True)
    return None


warm()
gc.collect()
gc.freeze()
if (job := serve()) is not None:
    become(job)
    main()
