"""Rounds in which everything that is compared takes its turn, so that a machine that is busy or changes its frequency
meanwhile treats all alike."""

import os
import statistics
import time


class Rounds:
    def __init__(self, count, threads, cpu_time):
        self.count = count
        # Processor time is the whole process's: some engines compute in a thread of their own even when it is one.
        self.clock = time.process_time if cpu_time else time.perf_counter
        self.rest = 0.01 if threads > 1 else 0  # other engines' threads stop spinning

    def run(self, calls, count=None):
        """Seconds of each call, by name: a round runs each twice and times the second."""
        times = {name: [] for name in calls}
        order = list(calls)
        for _ in range(count or self.count):
            order.append(order.pop(0))
            for name in order:
                if self.rest:
                    time.sleep(self.rest)
                calls[name]()
                start = self.clock()
                calls[name]()
                times[name].append(self.clock() - start)
        return times


def summary(seconds):
    return {"median_ms": statistics.median(seconds) * 1e3, "min_ms": min(seconds) * 1e3}


def load():
    return round(os.getloadavg()[0], 2)
