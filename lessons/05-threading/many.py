# Thousands of tasks wait in one thread, and each answers a byte with the next one.

import asyncio
import resource
import socket

TASKS = 2000


async def answer(reader, writer):
    while byte := await reader.read(1):
        writer.write(bytes([(byte[0] + 1) % 256]))
    writer.close()


async def main():
    pairs = [socket.socketpair() for _ in range(TASKS)]
    ends = [await asyncio.open_connection(sock=theirs) for _, theirs in pairs]
    tasks = [asyncio.create_task(answer(*end)) for end in ends]
    await asyncio.to_thread(ask, [ours for ours, _ in pairs])
    await asyncio.gather(*tasks)
    print(f"{len(tasks)} tasks have answered and ended")


def ask(sockets):
    for number, ours in enumerate(sockets):
        ours.sendall(bytes([number % 256]))
    answers = [ours.recv(1)[0] for ours in sockets]
    print("right:", answers == [(number + 1) % 256 for number in range(TASKS)])
    for ours in sockets:
        ours.close()


if __name__ == "__main__":
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(main())
