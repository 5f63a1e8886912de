import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor

TASKS = int(sys.argv[1])
WORKERS = 2
SIZES = [64 << 10, 1 << 20, 16 << 20]


def number(number):
    return number


def busy(seconds):
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        pass


def same(value):
    return value


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(start, run):
    """`run(function, arguments, chunksize)` waits for all results."""
    begin = time.perf_counter()
    start()
    run(number, [1], 1)
    started = time.perf_counter() - begin
    figures = [TASKS / timed(lambda: run(number, range(TASKS), 1))]
    chunk = -(-TASKS // (4 * WORKERS))
    figures.append(TASKS / timed(lambda: run(number, range(TASKS), chunk)))
    for seconds, chunk in ((10e-6, 1), (10e-6, None), (1e-3, None)):
        count = max(int(10e-6 * TASKS / seconds), 4 * WORKERS)
        chunk = chunk or -(-count // (4 * WORKERS))
        figures.append(seconds * count / WORKERS / timed(lambda: run(busy, [seconds] * count, chunk)))
    for size in SIZES:
        count = min(max((TASKS << 12) // size, 4), 64)
        value = bytes(size)
        figures.append(timed(lambda: run(same, [value] * count, 1)) / count)
    print(*figures, started)


if __name__ == "__main__":
    pool = None

    def start_pool():
        global pool
        pool = multiprocessing.Pool(WORKERS)

    measure(start_pool, lambda function, arguments, chunk: pool.map(function, arguments, chunk))
    pool.terminate()

    def start_executor():
        global pool
        pool = ProcessPoolExecutor(WORKERS)

    measure(start_executor, lambda function, arguments, chunk: list(pool.map(function, arguments, chunksize=chunk)))
    pool.shutdown()
