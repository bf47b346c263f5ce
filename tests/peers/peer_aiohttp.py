"""A closed-loop client in asyncio and aiohttp, built as the Python load generators are: a semaphore keeps the level, one task a
request, time.perf_counter() when the task comes to read a chunk. It shows what that way of measuring costs.

    python peer_aiohttp.py http://127.0.0.1:PORT STREAMS REQUESTS        (needs the package aiohttp)

Prints one JSON object: percentiles of time_to_first_token and inter_chunk_latency in ms, and the CPU it took.
"""

import asyncio
import json
import sys
import time

import aiohttp

BODY = {"model": "sim-model", "stream": True, "stream_options": {"include_usage": True}, "max_tokens": 100,
        "messages": [{"role": "user", "content": "word " * 128}]}


class Tally:
    def __init__(self):
        self.first = []
        self.gaps = []
        self.failed = 0


def token_bearing(line):
    """Whether an event's line carries text."""
    if not line.startswith(b"data: ") or line == b"data: [DONE]":
        return False
    choices = json.loads(line[6:])["choices"]
    return bool(choices) and bool(choices[0]["delta"].get("content"))


async def ask(session, url, tally):
    began = time.perf_counter()
    last, rest = None, b""
    async with session.post(url + "/v1/chat/completions", json=BODY) as answer:
        if answer.status != 200:
            tally.failed += 1
            return
        async for part in answer.content.iter_any():
            now = time.perf_counter()
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                if not token_bearing(line):
                    continue
                if last is None:
                    tally.first.append(now - began)
                else:
                    tally.gaps.append(now - last)
                last = now


async def load(url, streams, requests):
    tally, level = Tally(), asyncio.Semaphore(streams)
    connector = aiohttp.TCPConnector(limit=streams, limit_per_host=streams, keepalive_timeout=60, force_close=False)
    timeout = aiohttp.ClientTimeout(total=6 * 3600)

    async def limited(session):
        async with level:
            await ask(session, url, tally)

    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        await asyncio.gather(*(limited(session) for _ in range(requests)))
    return tally


def stats(seconds):
    ordered = sorted(seconds)
    return {f"p{p}": 1e3 * ordered[min(len(ordered) - 1, int(len(ordered) * p / 100))] for p in (50, 90, 99)} | {
        "count": len(ordered), "avg": 1e3 * sum(ordered) / len(ordered)}


def main(url, streams, requests):
    began, cpu = time.perf_counter(), time.process_time()
    tally = asyncio.run(load(url, int(streams), int(requests)))
    print(json.dumps({"time_to_first_token": stats(tally.first), "inter_chunk_latency": stats(tally.gaps), "failed": tally.failed,
                      "wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - cpu}))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
