# Processes share a number, an array, a piece of memory, and objects that a manager keeps.

from multiprocessing import Array, Lock, Manager, Process, Value
from multiprocessing.shared_memory import SharedMemory


def run_two(work, *args):
    processes = [Process(target=work, args=args) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


def count(counter, squares):
    for n in range(1000):
        with counter.get_lock():
            counter.value += 1
    for n in range(len(squares)):
        squares[n] = n * n


def deposit(lock, balance):
    for _ in range(1000):
        with lock:
            balance.value += 1


def write(name):
    memory = SharedMemory(name)
    memory.buf[:4] = b"pear"
    memory.close()


def add_fruit(fruits):
    fruits.append("plum")


if __name__ == "__main__":
    counter, squares = Value("i", 0), Array("i", 4)
    run_two(count, counter, squares)
    print("counted to", counter.value, "squares:", squares[:])

    balance = Value("i", 0, lock=False)
    run_two(deposit, Lock(), balance)
    print("balance:", balance.value)

    memory = SharedMemory(create=True, size=4096)
    run_two(write, memory.name)
    print("in the memory:", bytes(memory.buf[:4]))
    memory.close()
    memory.unlink()

    with Manager() as manager:
        fruits = manager.list(["pear"])
        run_two(add_fruit, fruits)
        print("fruits:", list(fruits))
