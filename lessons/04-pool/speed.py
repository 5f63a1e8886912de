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


def measure(start, run, take):
    """`run(function, arguments, chunksize)` waits for all results, `take(function,
    arguments)` takes them as they come."""
    begin = time.perf_counter()
    start()
    run(number, [1], 1)
    started = time.perf_counter() - begin
    figures = []
    for chunk in (1, -(-TASKS // (4 * WORKERS))):
        times = [timed(lambda: run(number, range(TASKS), chunk)) for _ in range(5)]
        figures.append(TASKS / sorted(times)[2])
    for seconds, chunk in ((10e-6, 1), (10e-6, None), (1e-3, None)):
        count = max(int(10e-6 * TASKS / seconds), 4 * WORKERS)
        chunk = chunk or -(-count // (4 * WORKERS))
        figures.append(seconds * count / WORKERS / timed(lambda: run(busy, [seconds] * count, chunk)))
    for size in SIZES:
        count = min(max((TASKS << 12) // size, WORKERS), 64)
        value = bytes(size)
        figures.append(timed(lambda: take(same, [value] * count)) / count)
    print(*figures, started)


if __name__ == "__main__":
    pool = None

    def start_pool():
        global pool
        pool = multiprocessing.Pool(WORKERS)

    def run_in_pool(function, arguments, chunk):
        pool.map(function, arguments, chunk)

    def take_from_pool(function, arguments):
        for _ in pool.imap_unordered(function, arguments):
            pass

    measure(start_pool, run_in_pool, take_from_pool)
    pool.terminate()

    def start_executor():
        global pool
        pool = ProcessPoolExecutor(WORKERS)

    def run_in_executor(function, arguments, chunk):
        for _ in pool.map(function, arguments, chunksize=chunk):
            pass

    measure(start_executor, run_in_executor, lambda function, arguments: run_in_executor(function, arguments, 1))
    pool.shutdown()
