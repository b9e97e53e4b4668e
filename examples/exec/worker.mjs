#!/usr/bin/env node
// Performs jobs for `sancho work --exec ./worker.mjs`: one job, then it ends.

import { readFileSync, writeFileSync } from "node:fs";

const DISCARD = 65;
const SNOOZE = 75;

const { SANCHO_QUEUE, SANCHO_ATTEMPT } = process.env;

const classes = {
  Greet(job) {
    console.log(`a job came to ${SANCHO_QUEUE} as ${job.jid}, try ${SANCHO_ATTEMPT}`);
  },

  // The payload, as JavaScript reads it and writes it again.
  Save(job) {
    writeFileSync(`saved-${job.jid}`, JSON.stringify(job));
  },

  // The first try fails. The end of standard error, here the stack, is the failure's message.
  Flaky() {
    if (Number(SANCHO_ATTEMPT) === 1) throw new Error("the mail server is busy");
  },

  // Nothing to do any more: drop the job.
  Obsolete() {
    process.exitCode = DISCARD;
  },

  // Not now: again in two hours.
  Later() {
    console.log("2h");
    process.exitCode = SNOOZE;
  },
};

const job = JSON.parse(readFileSync(0, "utf8"));
const perform = Object.hasOwn(classes, job.class) ? classes[job.class] : null;
if (!perform) {
  console.error(`nobody taught this worker to perform ${job.class}`);
  process.exit(1);
}
perform(job);
