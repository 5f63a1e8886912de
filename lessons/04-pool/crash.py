import multiprocessing
import os
import signal


def run(task):
    if task == 3:
        print(f"task 3 kills its worker, pid {os.getpid()}", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    return task


if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        print(pool.map(run, range(1, 6), chunksize=1))
