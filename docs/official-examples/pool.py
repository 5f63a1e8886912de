# All ways to give a pool work. A pool of threads has the same ones.

from multiprocessing.pool import Pool, ThreadPool


def square(n):
    return n * n


def add(a, b):
    return a + b


def use(pool):
    print("apply:", pool.apply(add, (3, 4)))
    print("map:", pool.map(square, range(4)))
    print("starmap:", pool.starmap(add, [(1, 2), (3, 4)]))

    later = pool.apply_async(square, (5,))
    print("apply_async:", later.get(timeout=60), later.successful())
    later = pool.map_async(square, range(4))
    later.wait()
    print("map_async:", later.ready(), later.get())

    for result in pool.imap(square, range(3)):
        print("imap:", result)
    print("imap_unordered:", set(pool.imap_unordered(square, range(3))))


if __name__ == "__main__":
    with Pool(2) as pool:
        use(pool)
    with ThreadPool(2) as pool:
        use(pool)
