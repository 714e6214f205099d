"""The list of sequences by precedence score, recounted from a log file and from docs/semantics.md and docs/scores.md alone.

Python 3 with its standard library, and nothing of Precede: own parsers, own windows, own counts, own Beta intervals. What it
needs of the system are its choices: the saved operations and by how much the import moved the times.

stdin: JSON {format, file, host, operations: [{short_id, method, host, endpoint}], shift_ms, now_ms, lists: [{min_support, min_sessions}]}
stdout: JSON, one list for each of `lists`: [{ids, support, last_support, score}]
"""
import gzip
import json
import math
import re
import sys
import tarfile
from collections import defaultdict
from datetime import datetime, timezone
from functools import lru_cache

GAP_MS = 600_000
HOUR_MS = 3_600_000
LONGEST = 9
UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]")


# Requests of a file: (time in ms, session, method, host, path), in the order of the file.

COMBINED = re.compile(
    r'^(\S+) \S+ .*?\[(\d+)/(\w+)/(\d+):(\d+):(\d+):(\d+) \+0000\] '
    r'"([A-Z]+) (/\S*) HTTP/1\.[01]" \d+ \S+ "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)"$'
)
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def read_combined(path, host):
    with gzip.open(path, "rt", encoding="latin-1", newline="\n") as lines:
        for line in lines:
            found = COMBINED.match(line.rstrip("\n"))
            if found is None:
                continue
            client, day, month, year, hour, minute, second, method, target, agent = found.groups()
            numbers = [int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second)]
            time = int(datetime(*numbers, tzinfo=timezone.utc).timestamp() * 1000)
            yield time, (client, agent), method, host, target


def read_cloudtrail(path):
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            if not member.name.endswith(".json"):
                continue
            for record in json.load(archive.extractfile(member))["Records"]:
                who = record.get("userIdentity") or {}
                session = who.get("accessKeyId") or who.get("arn") or who.get("invokedBy")
                time = datetime.fromisoformat(record["eventTime"].replace("Z", "+00:00"))
                yield int(time.timestamp() * 1000), session, "POST", record["eventSource"], "/" + record["eventName"]


def read_ndjson(path):
    with open(path, encoding="utf-8") as lines:
        for event in map(json.loads, lines):
            yield event["time"], event["session"], event["method"], event["host"], event["path"]


# Operation of a request: same method and host, every segment equal or variable, a static segment before a variable one.


def plain_path(target):
    """Query off, doubled slashes one, needless escapes decoded: as templates are saved."""
    path = re.sub(r"/{2,}", "/", re.split(r"[?#]", target, maxsplit=1)[0])

    def decoded(match):
        character = chr(int(match.group(1), 16))
        return character if UNRESERVED.fullmatch(character) else match.group(0).upper()

    return re.sub(r"%([0-9a-fA-F]{2})", decoded, path)


def matcher(operations):
    by_shape = defaultdict(list)
    for operation in operations:
        template = operation["endpoint"].split("/")
        rank = [part.startswith("{") for part in template]
        key = (operation["method"], operation["host"], len(template))
        by_shape[key].append((rank, template, operation["short_id"]))
    for candidates in by_shape.values():
        candidates.sort()

    @lru_cache(maxsize=None)
    def match(method, host, target):
        segments = plain_path(target).split("/")
        for rank, template, short_id in by_shape[(method, host, len(segments))]:
            fits = (
                given != "" if variable else given == part
                for variable, part, given in zip(rank, template, segments)
            )
            if all(fits):
                return short_id
        return None

    return match


# Session windows, collapsed: lists of (time, operation).


def windows_of(requests, match):
    open_windows, closed = {}, []
    numbered = sorted(enumerate(requests), key=lambda item: (item[1][0], item[0]))
    for _, (time, session, method, host, target) in numbered:
        operation = match(method, host, target)
        if session is None or operation is None:
            continue
        window = open_windows.get(session)
        if window is None or time - window[-1][0] > GAP_MS:
            window = open_windows[session] = []
            closed.append((session, window))
        window.append((time, operation))
    for session, window in closed:
        yield session, [step for i, step in enumerate(window) if i == 0 or step[1] != window[i - 1][1]]


def count(windows, from_ms, to_ms):
    """Occurrences and sessions of every run of 1 to 9 operations that was completed within the time."""
    occurrences, sessions = defaultdict(int), defaultdict(set)
    for session, steps in windows:
        for last, (time, _) in enumerate(steps):
            if not from_ms <= time <= to_ms:
                continue
            for length in range(1, min(LONGEST, last + 1) + 1):
                ids = tuple(operation for _, operation in steps[last + 1 - length : last + 1])
                occurrences[ids] += 1
                sessions[ids].add(session)
    return occurrences, sessions


# 99 % equal-tailed interval of Beta(k + 1, n - k + 1). With whole parameters its distribution function at x is the chance of
# more than k successes in n + 1 throws with probability x.


def more_than(k, throws, x):
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    log_x, log_rest = math.log(x), math.log1p(-x)

    def term(i):
        ways = math.lgamma(throws + 1) - math.lgamma(i + 1) - math.lgamma(throws - i + 1)
        return math.exp(ways + i * log_x + (throws - i) * log_rest)

    if k + 1 > throws * x:
        return math.fsum(term(i) for i in range(k + 1, throws + 1))
    return 1 - math.fsum(term(i) for i in range(0, k + 1))


@lru_cache(maxsize=None)
def interval(k, n):
    def quantile(p):
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            if more_than(k, n + 1, middle) < p:
                low = middle
            else:
                high = middle
        return (low + high) / 2

    return quantile(0.005), quantile(0.995)


def kept_contexts(occurrences):
    nexts = defaultdict(dict)
    for ids, n in occurrences.items():
        nexts[ids[:-1]][ids[-1]] = n
    totals = {context: sum(counts.values()) for context, counts in nexts.items()}

    def predicts_anew(context):
        parent = context[1:]
        for operation in nexts[parent]:
            low, high = interval(nexts[context].get(operation, 0), totals[context])
            parent_low, parent_high = interval(nexts[parent][operation], totals[parent])
            if high < parent_low or low > parent_high:
                return True
        return False

    kept = set()
    for context in sorted(nexts, key=len, reverse=True):
        if context and (context in kept or predicts_anew(context)):
            kept.add(context)
            # Its parent has kept a longer one, so it stays.
            kept.add(context[1:])
    return kept


def listed(occurrences, sessions, kept, min_support, min_sessions):
    candidates = [
        ids
        for ids, n in occurrences.items()
        if 2 <= len(ids) and ids[:-1] in kept and n >= min_support and len(sessions[ids]) >= min_sessions
    ]
    folded = {
        longer[cut:]
        for longer in candidates
        for cut in range(1, len(longer) - 1)
        if occurrences[longer] >= 0.95 * occurrences[longer[cut:]]
    }
    rows = [
        {
            "ids": list(ids),
            "support": occurrences[ids],
            "last_support": occurrences[ids[-1:]],
            "score": occurrences[ids] / occurrences[ids[-1:]],
        }
        for ids in candidates
        if ids not in folded
    ]
    rows.sort(key=lambda row: (-row["score"], -row["support"], -len(row["ids"]), row["ids"]))
    return rows


def main():
    task = json.load(sys.stdin)
    readers = {
        "combined": lambda: read_combined(task["file"], task["host"]),
        "cloudtrail": lambda: read_cloudtrail(task["file"]),
        "ndjson": lambda: read_ndjson(task["file"]),
    }
    requests = readers[task["format"]]()
    moved = [(time + task["shift_ms"], *rest) for time, *rest in requests]
    windows = windows_of(moved, matcher(task["operations"]))
    from_ms = task["now_ms"] // HOUR_MS * HOUR_MS - 24 * HOUR_MS
    occurrences, sessions = count(windows, from_ms, task["now_ms"])
    kept = kept_contexts(occurrences)
    lists = [listed(occurrences, sessions, kept, each["min_support"], each["min_sessions"]) for each in task["lists"]]
    json.dump(lists, sys.stdout)


main()
