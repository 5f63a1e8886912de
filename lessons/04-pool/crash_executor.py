import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool


def run(task):
    if task == 3:
        print(f"task 3 kills its worker, pid {os.getpid()}", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    return task


if __name__ == "__main__":
    with ProcessPoolExecutor(2) as pool:
        try:
            print(list(pool.map(run, range(1, 6))))
        except BrokenProcessPool:
            print("BrokenProcessPool: it runs no more tasks")
