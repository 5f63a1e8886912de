# A future is a result that will come. Executors hand them out.

from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    as_completed,
    wait,
)
from threading import Event


def square(n):
    return n * n


def shout(word):
    return word.upper()


def half(n):
    if n % 2:
        raise ValueError(f"{n} is odd")
    return n // 2


def hold(started, gate):
    started.set()
    gate.wait()


if __name__ == "__main__":
    with ThreadPoolExecutor(max_workers=2) as executor:
        future = executor.submit(shout, "pear")
        print("result:", future.result(timeout=60))
        print("map:", list(executor.map(shout, ["plum", "fig"])))
        print("exception:", executor.submit(half, 7).exception())

    with ProcessPoolExecutor(max_workers=2) as executor:
        print("squares:", list(executor.map(square, range(4))))

    with ThreadPoolExecutor(max_workers=1) as executor:
        started, gate = Event(), Event()
        first, second = executor.submit(hold, started, gate), executor.submit(shout, "fig")
        started.wait()
        print("cancelled:", first.cancel(), second.cancel())
        gate.set()

    with ThreadPoolExecutor(max_workers=2) as executor:
        gate = Event()
        slow, quick = executor.submit(gate.wait), executor.submit(shout, "kiwi")
        done, waiting = wait([slow, quick], return_when=FIRST_COMPLETED)
        print("quick is done:", done == {quick}, "and slow is not:", waiting == {slow})
        for future in as_completed([slow, quick]):
            print("completed:", future.result())
            gate.set()

    promise = Future()
    promise.add_done_callback(lambda future: print("callback:", future.result()))
    promise.set_result(42)
