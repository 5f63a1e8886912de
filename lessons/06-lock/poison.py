import threading

lock = threading.Lock()
accounts = [100, 0]

def move_money(amount, closed):
    with lock:
        accounts[0] -= amount
        if closed:
            raise ValueError("the second account is closed")
        accounts[1] += amount

threading.excepthook = lambda e: print(f"thread {e.thread.name} has failed: {e.exc_value}")
for name, closed in [("first", True), ("second", False)]:
    t = threading.Thread(target=move_money, args=(30, closed), name=name)
    t.start()
    t.join()
with lock:
    print(f"there is {accounts[0]} and {accounts[1]}, together {sum(accounts)}")
