# Two processes exchange values: one way through a queue, both ways through a pipe.

from multiprocessing import Pipe, Process, Queue


def put_three(queue):
    for value in "ABC":
        queue.put(value)
    queue.put(None)


def answer(end):
    question = end.recv()
    end.send(question.upper())


if __name__ == "__main__":
    queue = Queue()
    Process(target=put_three, args=(queue,)).start()
    while (value := queue.get()) is not None:
        print("got", value)

    ours, theirs = Pipe()
    Process(target=answer, args=(theirs,)).start()
    ours.send("pear")
    print("answer:", ours.recv())
