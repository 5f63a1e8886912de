import multiprocessing
import sys


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


# Wrong: two requests to the server, and both children make the first before the second.
def get_and_set(basket, both_have_it):
    plums = basket["plums"]
    both_have_it.wait()
    basket["plums"] = plums + 1


# Right: nobody else gets or sets in between. `+=` is two requests, too.
def add_with_lock(basket, lock):
    for _ in range(250):
        with lock:
            basket["pears"] += 1


def run(number, target, *arguments):
    children = [multiprocessing.Process(target=target, args=arguments) for _ in range(number)]
    for child in children:
        child.start()
    for child in children:
        child.join()


if __name__ == "__main__":
    with multiprocessing.Manager() as manager:
        basket = manager.dict(pears=0, plums=0)
        run(4, add_with_lock, basket, manager.Lock())
        say(f"4 children add 250 pears each, with a lock: {basket['pears']}")
        run(2, get_and_set, basket, multiprocessing.Barrier(2))
        say(f"2 children get the plums, then set them to one more: {basket['plums']}")
