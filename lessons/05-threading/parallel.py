"""The same computation on one thread and on several: how much CPU time each thread
uses, and how long it takes. With numbers behind it: how many threads, how many steps."""

import sys
import threading
import time

THREADS = int(sys.argv[1]) if len(sys.argv) > 1 else 2
STEPS = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000


def compute_part(number, count, parts):
    width = 1 / STEPS
    total = 0.0
    for step in range(STEPS * number // count, STEPS * (number + 1) // count):
        x = (step + 0.5) * width
        total += width * 4 / (1 + x * x)
    parts[number] = (total, time.thread_time())


def compute(count):
    start, before = time.perf_counter(), time.process_time()
    parts = [None] * count
    threads = [threading.Thread(target=compute_part, args=(n, count, parts)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, used = time.perf_counter() - start, time.process_time() - before

    print(f"{count} thread{'s' if count > 1 else ''}: {sum(total for total, _ in parts):.4f}")
    for number, (_, cpu) in enumerate(parts):
        print(f"  thread {number} used {cpu:.2f} s of CPU time")
    print(f"  together {used:.2f} s of CPU time in {seconds:.2f} s: ≈ {used / seconds:.2f} CPUs at a time")


# From 3.13 on there is a Python without the lock, and this question can be asked.
has_lock = getattr(sys, "_is_gil_enabled", lambda: True)()
kind = "with the lock: one thread at a time" if has_lock else "free-threaded: all at the same time"
print(f'This is Python ≈ "{sys.version.split()[0]}", ≈ "{kind}"')
for count in sorted({1, THREADS}):
    compute(count)
