"""How long it takes to get a threading.Lock, to add one, and to give the lock back.

Reads requests, one a line, and answers each with the seconds for one:
    0.02 0,1
that is: the seconds to measure, and the CPUs, with a thread on each."""

import os
import signal
import sys
import threading
import time


def measure(seconds, cpus):
    lock = threading.Lock()
    count = 0
    done = [0] * len(cpus)
    start = threading.Barrier(len(cpus) + 1)
    ended = threading.Event()

    def work(number):
        nonlocal count
        os.sched_setaffinity(0, {cpus[number]})
        start.wait()
        while True:
            for _ in range(100):
                with lock:
                    count += 1
            done[number] += 100
            if ended.is_set():
                break

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(cpus))]
    for thread in threads:
        thread.start()
    start.wait()
    begun = time.perf_counter()
    time.sleep(seconds)
    ended.set()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - begun
    assert count == sum(done), f"added {sum(done)} times, and it is {count}"
    return elapsed / count


# Ctrl-C, or a closed output, ends it without a traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
for request in sys.stdin:
    seconds, cpus = request.split()
    print(measure(float(seconds), [int(cpu) for cpu in cpus.split(",")]), flush=True)
