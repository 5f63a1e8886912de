"""The same computation on one thread, on several threads, and on several processes: how much
CPU time each of them uses, and how long it takes.
Usage: parallel.py [HOW MANY THREADS AND PROCESSES] [HOW MANY STEPS]"""

import multiprocessing
import os
import sys
import time
from threading import Thread, get_native_id

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 2
STEPS = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000

fork = multiprocessing.get_context("fork")


def compute_part(number, count, results):
    width = 1 / STEPS
    total = 0.0
    for step in range(STEPS * number // count, STEPS * (number + 1) // count):
        x = (step + 0.5) * width
        total += width * 4 / (1 + x * x)
    results.put((number, total, get_native_id(), os.getpid(), time.thread_time()))


def compute(kind, name, count):
    start = time.perf_counter()
    results = fork.SimpleQueue()
    workers = [kind(target=compute_part, args=(n, count, results)) for n in range(count)]
    for worker in workers:
        worker.start()
    parts = sorted(results.get() for _ in workers)
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - start

    print(f"{count} {name}: {sum(part[1] for part in parts):.4f}")
    for _, _, tid, pid, cpu in parts:
        print(f"  tid {tid} of pid {pid} used {cpu:.2f} s of CPU time")
    used = sum(part[4] for part in parts)
    at_once = used / seconds
    print(f"  together {used:.2f} s of CPU time in {seconds:.2f} s: ≈ {at_once:.2f} CPUs at a time", flush=True)


# From 3.13 on there is a Python without the lock, and this question can be asked.
has_lock = getattr(sys, "_is_gil_enabled", lambda: True)()
kind = "with the lock: one thread at a time" if has_lock else "free-threaded: all at the same time"
print(f'This is Python ≈ "{sys.version.split()[0]}", ≈ "{kind}"', flush=True)
compute(Thread, "thread", 1)
compute(Thread, "threads", COUNT)
compute(fork.Process, "processes", COUNT)
