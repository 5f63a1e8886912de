# What threads wait for: a lock, a permit, an event, a condition, each other, the clock.

import threading
from threading import Thread

total = 0
lock = threading.Lock()
tree = threading.RLock()
permits, pair = threading.Semaphore(2), threading.Barrier(2)
ready = threading.Event()
items, not_empty = [], threading.Condition()
barrier = threading.Barrier(3)
inside = most = 0


def run(count, work):
    threads = [Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def join(threads):
    for thread in threads:
        thread.join()


def deposit():
    global total
    for _ in range(1000):
        with lock:
            total += 1


def depth(levels):
    with tree:
        return 1 + depth(levels - 1) if levels else 0


def visit():
    global inside, most
    with permits:
        with lock:
            inside += 1
            most = max(most, inside)
        pair.wait()
        with lock:
            inside -= 1


def wait_for_it():
    ready.wait()
    print("it is ready")


def take():
    with not_empty:
        not_empty.wait_for(lambda: items)
        print("took", items.pop())


def put(item):
    with not_empty:
        items.append(item)
        not_empty.notify()


def meet():
    if barrier.wait() == 0:
        print("all three have met")


if __name__ == "__main__":
    join(run(2, deposit))
    print("total:", total)

    print("depth:", depth(3))

    join(run(6, visit))
    print("most inside at a time:", most)

    bounded = threading.BoundedSemaphore(1)
    bounded.acquire()
    bounded.release()
    try:
        bounded.release()
    except ValueError as error:
        print("one release too many:", error)

    waiting = run(1, wait_for_it)
    ready.set()
    join(waiting)

    waiting = run(1, take)
    put("pear")
    join(waiting)

    join(run(3, meet))

    timer = threading.Timer(0.01, lambda: print("time is up"))
    timer.start()
    timer.join()
    timer = threading.Timer(3600, lambda: print("never"))
    timer.start()
    timer.cancel()
