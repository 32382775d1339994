"""Reads without a pause in threads that share one client: a process of its own.

It answers each line of standard input with a line: how it is doing, or what it
found once it is told to end.
"""

from __future__ import annotations

import json
import logging
import random
import sys
import threading
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

from configsync.runtime import ConfigClient, Snapshot, Source, Unavailable
from tests.runtime import marked

PACE = 0.005
"""Seconds between a thread's rounds: reads are to last as long as the outages."""

ROUND = 10 + 4
"""Reads in a round."""

LIFE = 2.0
"""Seconds after which a reader that restarts does so."""

HELD = 500
"""Rounds for which a thread holds a snapshot."""


class Reading:
    """What all threads of the process found."""

    def __init__(self, about: dict[str, Any]) -> None:
        self.about = about
        self.reads = 0
        self.last = 0
        self.restarts: dict[str, int] = {}
        self.wrong: list[str] = []
        self.ending = threading.Event()
        self.client = self.connect()

    def connect(self) -> ConfigClient:
        """A client, as soon as there is anything to start from."""
        while True:
            try:
                return ConfigClient.connect(self.about["urls"], **self.about["options"])
            except Unavailable:
                time.sleep(0.05)

    def read(self) -> None:
        """Read until the end: no number may be torn, or less than one before."""
        last = 0
        held: tuple[Snapshot, int] | None = None
        rounds = 0
        while not self.ending.is_set():
            try:
                client = self.client
                with client.pin() as snapshot:
                    last = self._compared(marked.read(snapshot), last)
                for which in range(4):
                    last = self._compared(marked.read_one(client, which), last)
                if held is None or rounds % HELD == 0:
                    held = snapshot, marked.read(snapshot)
                assert marked.read(held[0]) == held[1], "a snapshot changed"
            except Exception:
                self.wrong.append(traceback.format_exc())
            self.reads += ROUND
            self.last = last
            rounds += 1
            time.sleep(PACE)

    def _compared(self, number: int, last: int) -> int:
        assert number >= last, f"backwards: {number} after {last}"
        return number

    def restart(self) -> None:
        """Begin anew now and then, from a cache file that somebody damaged or not."""
        rng = random.Random(self.about["seed"])
        file = Path(self.about["options"]["cache_file"])
        while not self.ending.wait(LIFE):
            self.client.close()
            damage = rng.choice(["none", "flip", "cut", "empty"])
            data = bytearray(file.read_bytes())
            if damage == "flip":
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            elif damage != "none":
                del data[rng.randrange(len(data)) if damage == "cut" else 0 :]
            file.write_bytes(data)
            self.client = self.connect()
            began = f"{damage}, from the {self.client.source}"
            self.restarts[began] = self.restarts.get(began, 0) + 1

    def state(self) -> dict[str, Any]:
        status = self.client.status()
        return {
            **asdict(status),
            "reads": self.reads,
            "number": self.last,
            "recovered": not status.degraded and status.source is Source.DATABASE,
            "restarts": self.restarts,
            "wrong": self.wrong[:3],
        }


def main(about: dict[str, Any]) -> None:
    logging.disable()
    reading = Reading(about)
    threads = [threading.Thread(target=reading.read) for _ in range(about["threads"])]
    if about.get("restart"):
        threads.append(threading.Thread(target=reading.restart))
    for thread in threads:
        thread.start()
    for line in sys.stdin:
        if line.strip() == "end":
            break
        print(json.dumps(reading.state()), flush=True)
    reading.ending.set()
    for thread in threads:
        thread.join()
    print(json.dumps(reading.state()), flush=True)
    reading.client.close()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
