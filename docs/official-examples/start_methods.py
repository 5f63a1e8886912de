# What a child knows of its parent depends on how it is started.

import multiprocessing

number = 1


def show(method):
    print(f"{method}: number is {number}")


if __name__ == "__main__":
    number = 2
    for method in ["fork", "spawn", "forkserver"]:
        context = multiprocessing.get_context(method)
        process = context.Process(target=show, args=(method,))
        process.start()
        process.join()
    print("default:", multiprocessing.get_start_method())
