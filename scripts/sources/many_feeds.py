#!/usr/bin/env python3
"""Two thousand feeds on one local server, 5 % of them hanging, 5 % failing, 5 % answering 429: is every healthy one
polled in its interval, is none asked against its Retry-After, and how much memory does it take?

    many_feeds.py GAZETTED [--feeds 2000] [--every 30] [--rounds 4] [--port 27100]

Starts the server and the daemon, stops both by itself, and exits 1 if something does not hold."""
import argparse, asyncio, os, signal, subprocess, sys, tempfile, time
from collections import Counter, defaultdict

parser = argparse.ArgumentParser()
parser.add_argument("gazetted")
parser.add_argument("--feeds", type=int, default=2000)
parser.add_argument("--every", type=int, default=30)
parser.add_argument("--rounds", type=int, default=4)
parser.add_argument("--port", type=int, default=27100)
parser.add_argument("--size", type=int, default=20, help="entries in a feed")
options = parser.parse_args()

RETRY_AFTER = options.every + options.every // 2
asked = defaultdict(list)


def kind(number):
    return {0: "hangs", 1: "fails", 2: "429"}.get(number % 20, "well")


def feed(number):
    item = "".join(
        f"<item><guid isPermaLink='false'>{number}-{n}</guid><title>Piece {n} of feed {number}</title>"
        f"<link>http://127.0.0.1:{options.port}/{number}/{n}</link><pubDate>Thu, 01 Oct 2026 10:{n % 60:02}:00 GMT</pubDate>"
        f"<description>{'The harbour has been closed since the spring. ' * 8}</description></item>"
        for n in range(options.size))
    return f"<rss version='2.0'><channel><title>Feed {number}</title>{item}</channel></rss>".encode()


async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            number = int(head.split(b" ", 2)[1].lstrip(b"/"))
            asked[number].append(time.monotonic())
            answer = kind(number)
            if answer == "hangs":
                await asyncio.sleep(3600)
            status, extra, body = b"200 OK", b"", b""
            if answer == "fails":
                status = b"500 Internal Server Error"
            elif answer == "429":
                status, extra = b"429 Too Many Requests", b"Retry-After: %d\r\n" % RETRY_AFTER
            elif b'if-none-match: "1"' in head.lower():
                status = b"304 Not Modified"
            else:
                extra, body = b'ETag: "1"\r\nContent-Type: application/rss+xml\r\n', feed(number)
            writer.write(b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status, extra, len(body), body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
        pass
    finally:
        writer.close()


async def main():
    folder = tempfile.mkdtemp(prefix="feeds-")
    with open(f"{folder}/gazetted.toml", "w") as config:
        config.write(f'[site]\ntitle = "T"\nurl = "http://127.0.0.1:{options.port + 1}"\n'
                     f'[server]\nlisten = "127.0.0.1:{options.port + 1}"\n')
        for number in range(options.feeds):
            config.write(f'[[source]]\nname = "f{number}"\nkind = "feed"\nurl = "http://127.0.0.1:{options.port}/{number}"\n'
                         f'every = "{options.every}s"\nallow_private = true\n')
    server = await asyncio.start_server(serve, "127.0.0.1", options.port, backlog=1000)
    log = open(f"{folder}/log", "w")
    daemon = subprocess.Popen([options.gazetted, "--config", f"{folder}/gazetted.toml", "serve"], stdout=log, stderr=log)
    began = time.monotonic()
    memory = 0
    cpu = 0.0
    try:
        while time.monotonic() - began < options.every * options.rounds:
            await asyncio.sleep(1)
            if daemon.poll() is not None:
                sys.exit(f"the daemon ended; see {folder}/log")
            with open(f"/proc/{daemon.pid}/status") as status:
                memory = max(memory, *(int(line.split()[1]) for line in status if line.startswith("VmHWM")))
            with open(f"/proc/{daemon.pid}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
                cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    finally:
        ended = time.monotonic()
        daemon.send_signal(signal.SIGTERM)
        try:
            daemon.wait(20)
        except subprocess.TimeoutExpired:
            daemon.kill()
        server.close()

    gaps, firsts, against, rounds = [], [], 0, Counter()
    for number in range(options.feeds):
        times = asked[number]
        if kind(number) == "well":
            firsts.append((times[0] if times else ended) - began)
            gaps += [b - a for a, b in zip(times, times[1:] + [ended])] if times else []
            rounds[len(times)] += 1
        elif kind(number) == "429":
            against += sum(b - a < RETRY_AFTER for a, b in zip(times, times[1:]))
    gaps.sort()
    late = sum(gap > options.every * 1.1 for gap in gaps)
    print(f"feeds {options.feeds}, every {options.every} s, {ended - began:.0f} s; requests {sum(map(len, asked.values()))}")
    print(f"healthy: first asked within {max(firsts):.1f} s; gap median {gaps[len(gaps) // 2]:.2f} s, "
          f"99 % {gaps[len(gaps) * 99 // 100]:.2f} s, longest {gaps[-1]:.2f} s; later than 1.1 intervals: {late}; visits each {dict(rounds)}")
    print(f"against Retry-After ({RETRY_AFTER} s): {against}; memory {memory / 1024:.1f} MiB; CPU {cpu:.1f} s; folder {folder}")
    sys.exit(1 if late or against or memory > 150 * 1024 or max(firsts) > options.every else 0)


asyncio.run(main())
