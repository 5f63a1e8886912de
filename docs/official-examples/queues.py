# Queues between threads: which item comes first, how full they may be, and when all is done.

import queue
from threading import Thread


def drain(it):
    return [it.get() for _ in range(it.qsize())]


def worker(tasks):
    while True:
        task = tasks.get()
        done.append(task)
        tasks.task_done()


if __name__ == "__main__":
    for kind in [queue.Queue, queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue]:
        it = kind()
        for number in [2, 3, 1]:
            it.put(number)
        print(kind.__name__, drain(it))

    small = queue.Queue(maxsize=1)
    small.put("pear")
    try:
        small.put("plum", timeout=0.01)
    except queue.Full:
        print("full")
    small.get()
    try:
        small.get_nowait()
    except queue.Empty:
        print("empty")

    done, tasks = [], queue.Queue()
    Thread(target=worker, args=(tasks,), daemon=True).start()
    for number in range(5):
        tasks.put(number)
    tasks.join()
    print("all done:", done)
