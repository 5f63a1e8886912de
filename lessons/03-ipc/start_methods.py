import multiprocessing
import os
import sys

pears = 0


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def look():
    say(f"  pid {os.getpid()}: parent is {os.getppid()}; pears: {pears}")


# A child that was not forked imports this file under another name, so it skips this part.
if __name__ == "__main__":
    pears = 5
    say(f"I ({os.getpid()}) have {pears} pears")
    for method in ["fork", "spawn", "forkserver"]:
        say(f"{method}:")
        child = multiprocessing.get_context(method).Process(target=look)
        child.start()
        child.join()
