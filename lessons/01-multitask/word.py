"""The subtasks of a word processor, as three threads and then as three processes. Each adds to
a variable, waits until the others have added too, and looks at it."""

import multiprocessing
import os
import threading

fork = multiprocessing.get_context("fork")
lock = threading.Lock()
variable = 0


def subtask(name, amount, barrier):
    global variable
    with lock:
        variable += amount
    barrier.wait()
    report(name, amount)


def report(name, amount):
    tid, pid = threading.get_native_id(), os.getpid()
    with lock:
        print(f"{name:8}  tid {tid} of pid {pid}: added {amount}, sees {variable}", flush=True)


def start_three(kind, barrier):
    subtasks = [("typing", 1), ("spelling", 10), ("printing", 100)]
    workers = [kind(target=subtask, args=(name, amount, barrier)) for name, amount in subtasks]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    report("main", "nothing")


print(f"three threads, started by pid {os.getpid()}:", flush=True)
start_three(threading.Thread, threading.Barrier(3))
variable = 0
print(f"\nthree processes, started by pid {os.getpid()}:", flush=True)
start_three(fork.Process, fork.Barrier(3))
