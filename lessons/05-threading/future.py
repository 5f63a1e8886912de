import os, time
from concurrent.futures import ThreadPoolExecutor, TimeoutError, as_completed

pace = float(os.environ.get("LESSON_PACE", 1))

def half(number, seconds):
    time.sleep(seconds * pace)
    if number % 2 == 1:
        raise ValueError(f"{number} is odd")
    return number // 2

with ThreadPoolExecutor(max_workers=3) as executor:
    future = executor.submit(half, 8, 1)
    try:
        print(f"half of 8: {future.result(timeout=0.1 * pace)}")
    except TimeoutError:
        print("half of 8: not there yet")
    print(f"half of 8: {future.result()}")

    numbers = {executor.submit(half, number, seconds): number
               for number, seconds in [(4, 1), (7, 0.6), (6, 0.2)]}
    for future in as_completed(numbers):
        try:
            print(f"half of {numbers[future]}: {future.result()}")
        except ValueError as error:
            print(f"half of {numbers[future]}: {error}")
