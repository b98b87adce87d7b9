#!/usr/bin/env python3
"""Compares what was sent and answered 202 (lines "device time value millis") with the Observations read back (a Bundle per file): every reading must be
there with its value, and nothing else."""
import datetime
import json
import sys


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def samples(observation):
    sampled = observation["valueSampledData"]
    begin = instant(observation["effectivePeriod"]["start"])
    for n, value in enumerate(sampled["data"].split()):
        if value != "E":
            yield round(begin + n * float(sampled["period"]) / 1000), float(value)


sent, slowest = {}, 0
for line in open(sys.argv[1]):
    device, at, value, millis = line.split()
    sent[device, round(instant(at))] = float(value)
    slowest = max(slowest, int(millis))
stored = {}
for file in sys.argv[2:]:
    answer = json.load(open(file))
    for entry in answer["bundle"].get("entry", []):
        for at, value in samples(entry["resource"]):
            stored[answer["device"], at] = value
lost = [key for key in sent if key not in stored]
other = [key for key in sent if key in stored and stored[key] != sent[key]]
more = [key for key in stored if key not in sent]
# the last request may have been taken although nobody waited for its answer
print(f"sent and answered 202: {len(sent)}, read back: {len(sent) - len(lost)}, lost: {len(lost)}, with another value: {len(other)}, "
      f"not acknowledged and there: {len(more)}, longest wait for 202: {slowest / 1000:.1f} s")
sys.exit(1 if lost or other or len(more) > 1 or not sent else 0)
