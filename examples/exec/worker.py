#!/usr/bin/env python3
"""Performs jobs for `sancho work --exec ./worker.py`: one job, then it ends."""

import json
import os
import sys

DISCARD = 65
SNOOZE = 75


def greet(job):
    print("a job came to", os.environ["SANCHO_QUEUE"], "as", job["jid"], "try", os.environ["SANCHO_ATTEMPT"])


def save(job):
    # The payload, as Python reads it and writes it again.
    with open("saved-" + job["jid"], "w", encoding="utf-8") as file:
        json.dump(job, file)


def flaky(job):
    # The first try fails. The end of standard error, here the traceback, is the failure's message.
    if int(os.environ["SANCHO_ATTEMPT"]) == 1:
        raise ConnectionError("the mail server is busy")


def obsolete(job):
    # Nothing to do any more: drop the job.
    sys.exit(DISCARD)


def later(job):
    # Not now: again in two hours.
    print("2h")
    sys.exit(SNOOZE)


CLASSES = {"Greet": greet, "Save": save, "Flaky": flaky, "Obsolete": obsolete, "Later": later}

job = json.loads(sys.stdin.buffer.readline())
perform = CLASSES.get(job["class"])
if perform is None:
    sys.exit("nobody taught this worker to perform " + job["class"])
perform(job)
