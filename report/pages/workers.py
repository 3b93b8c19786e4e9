"""Jobs in processes of their own, which keep the typesetter loaded; a thread drives each of them through its pipes.

Unlike those of Python's own pool they need no semaphores, which a system may lack the place for, and find no modules in
the current folder.

A process runs this module. It takes pickled functions with their arguments on standard input, and answers each with its
result or its exception on standard output.
"""

import atexit
import gc
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from quadnet.errors import QuadnetError

from .. import environment
from . import press

P = ParamSpec("P")
Result = TypeVar("Result")

_TYPESETTING = "pdf"  # as an argument of the process


class Workers:
    """Some processes; use it as a context, whose end is theirs."""

    def __init__(self, count: int, *, pdf: bool) -> None:
        """Starts none before there are jobs.

        Args:
            count: How many.
            pdf: Whether they have to typeset.
        """
        self._command = environment.command("pages.workers", *([_TYPESETTING] if pdf else []))
        self._pool = ThreadPoolExecutor(count)
        self._own = threading.local()  # each thread's process
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        """The workers."""
        atexit.register(self._end)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends them, whatever they are doing."""
        self._end()
        self._pool.shutdown(cancel_futures=True)
        for process in self._processes:
            process.communicate()
        atexit.unregister(self._end)

    def submit(self, job: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs) -> Future[Result]:
        """Has one of them do a job; function, arguments and result must be such as can be pickled.

        Raises:
            QuadnetError: By the future's result: the process ended.
        """
        return self._pool.submit(self._drive, job, args, kwargs)

    def _drive(self, *job: Any) -> Any:
        process = self._process()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            pickle.dump(job, process.stdin)
            process.stdin.flush()
            result, error = pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            raise QuadnetError(
                f"a process that worked for this one ended with code {process.wait()}; is there memory enough?"
            ) from None
        if error is not None:
            raise error
        return result

    def _process(self) -> subprocess.Popen[bytes]:
        if not hasattr(self._own, "process"):
            self._own.process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment.shielded(),
            )
            self._processes.append(self._own.process)
        process: subprocess.Popen[bytes] = self._own.process
        return process

    def _end(self) -> None:
        for process in self._processes:
            process.kill()


def main() -> None:
    """Jobs from standard input, answers to standard output, until the program has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program ends its workers
    answers = environment.own_output()
    jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_take, args=(jobs,), daemon=True).start()
    if _TYPESETTING in sys.argv:
        press.load()
    gc.disable()  # jobs collect on their own
    gc.freeze()
    while True:
        job, args, kwargs = jobs.get()
        answer: tuple[Any, Exception | None]
        try:
            answer = job(*args, **kwargs), None
        except Exception as error:
            answer = None, error
        pickle.dump(answer, answers)
        answers.flush()


def _take(jobs: "queue.SimpleQueue[Any]") -> None:
    """Hands over the jobs; where the program has ended or was killed, nobody waits for this process any more."""
    try:
        while True:
            jobs.put(pickle.load(sys.stdin.buffer))
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
