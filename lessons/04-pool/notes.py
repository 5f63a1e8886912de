import multiprocessing
import os
import sys
import time

PACE = float(os.environ.get("LESSON_PACE", 1))
TASKS = [2.0, 4.0, 4.2, 4.4, 1.0]

# On Linux this was the default until Python 3.14.
multiprocessing.set_start_method("fork")


def say(line):
    # Text and newline in one write: the lines of several processes do not mix.
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def run_task(task):
    say(f"Run task {task} (pid {os.getpid()})...")
    start = time.monotonic()
    time.sleep(TASKS[task] * PACE)
    say(f"Task {task} runs {time.monotonic() - start:.2f} seconds (pid {os.getpid()}).")


if __name__ == "__main__":
    say(f"Parent process (pid {os.getpid()}).")
    pool = multiprocessing.Pool(4)
    for task in range(5):
        pool.apply_async(run_task, (task,))
    say("Waiting for all subprocesses done...")
    pool.close()
    pool.join()
    say("All subprocesses done.")
