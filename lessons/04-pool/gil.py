import time
from multiprocessing import Pool
from multiprocessing.pool import ThreadPool


def compute(_):
    """Computes for a while, and returns the CPU time that this took."""
    start = time.thread_time()
    sum(n * n for n in range(3_000_000))
    return time.thread_time() - start


def measure(name, pool):
    pool.map(compute, range(2))  # All workers have started after this.
    start = time.perf_counter()
    used = sum(pool.map(compute, range(8), chunksize=1))
    cpus = used / (time.perf_counter() - start)
    print(f"{name}: ≈ {cpus:.1f} CPUs at a time")


if __name__ == "__main__":
    with ThreadPool(2) as pool:
        measure("two threads", pool)
    with Pool(2) as pool:
        measure("two processes", pool)
