#!/usr/bin/env node
// Purpose: BullMQ, measured beside Sancho. A worker takes each job under a lock that it renews, and deletes it when it
//          has been performed; a job whose lock has run out is performed again.
// Input:   push --url URL --jobs N --warm-up W --pushers P    one by one, each pusher awaiting its push
//          bulk --url URL --jobs N --warm-up W --batch B      B jobs with each call
//          drain --url URL --jobs N --warm-up W --slots S     pushes, which is not timed, and performs
// Output:  one line of JSON: jobs_per_second, and for a drain cpu_seconds_per_100k and rss_mib of this process. Exit 0,
//          or 1 with the reason on stderr when a job was lost, performed twice, or not performed in time.
//
// Its fastest documented configuration: a job is deleted when it is done rather than kept, one worker has all slots, and
// pushers share a connection, which sends what they push in one tick together. Locks and the search for jobs whose lock
// has run out stay on.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Queue, Worker } from "bullmq";

const QUEUE = "default";
const START_MAX_MS = 20_000;
const PER_JOB_DRAINED_MAX_MS = 2;
const PER_JOB_PUSHED_MAX_MS = 10;

const commands = {
  push: { needs: "pushers", run: pushOneByOne },
  bulk: { needs: "batch", run: pushInBulk },
  drain: { needs: "slots", run: drain },
};

async function pushOneByOne({ url, jobs, warmUp, pushers }) {
  bound(jobs + warmUp, PER_JOB_PUSHED_MAX_MS, "pushed");
  return timed(url, jobs, warmUp, async (queue, count) => {
    let next = 0;
    const pusher = async () => {
      while (next < count) {
        const { name, data, opts } = job(next++);
        await queue.add(name, data, opts);
      }
    };
    await Promise.all(Array.from({ length: pushers }, pusher));
  });
}

async function pushInBulk({ url, jobs, warmUp, batch }) {
  bound(jobs + warmUp, PER_JOB_PUSHED_MAX_MS, "pushed");
  return timed(url, jobs, warmUp, async (queue, count) => {
    for (let first = 0; first < count; first += batch) {
      await queue.addBulk(Array.from({ length: Math.min(batch, count - first) }, (_, i) => job(first + i)));
    }
  });
}

async function timed(url, jobs, warmUp, push) {
  const queue = new Queue(QUEUE, { connection: { url } });
  await push(queue, warmUp);
  const start = performance.now();
  await push(queue, jobs);
  const seconds = (performance.now() - start) / 1000;
  await queue.close();
  return { jobs_per_second: jobs / seconds };
}

async function drain({ url, jobs, warmUp, slots }) {
  const all = jobs + warmUp;
  // By a process of its own, whose memory and processor time do not count.
  const fill = ["bulk", "--url", url, "--jobs", `${jobs}`, "--warm-up", `${warmUp}`, "--batch", "1000"];
  execFileSync(process.execPath, [fileURLToPath(import.meta.url), ...fill], { stdio: ["ignore", "ignore", "inherit"] });

  bound(all, PER_JOB_DRAINED_MAX_MS, "performed");
  let performed = 0;
  let warm, done, lastOne;
  const last = new Promise((resolve) => (lastOne = resolve));
  const perform = async () => {
    performed += 1;
    if (performed === warmUp) warm = performance.now();
    if (performed === all) {
      done = performance.now();
      lastOne();
    }
  };
  const cpuBefore = process.cpuUsage();
  // A connection that blocks must not give up a command after some tries, says BullMQ.
  const connection = { url, maxRetriesPerRequest: null };
  const worker = new Worker(QUEUE, perform, { connection, concurrency: slots });
  worker.on("error", fail);
  await last;
  const cpu = process.cpuUsage(cpuBefore);
  await worker.close();

  if (performed !== all) throw new Error(`${performed} jobs were performed of ${all}`);
  const queue = new Queue(QUEUE, { connection: { url } });
  const counts = await queue.getJobCounts();
  await queue.close();
  if (Object.values(counts).some((count) => count !== 0)) throw new Error(`jobs are left: ${JSON.stringify(counts)}`);
  return {
    jobs_per_second: jobs / ((done - warm) / 1000),
    cpu_seconds_per_100k: ((cpu.user + cpu.system) / 1e6) * (100_000 / all),
    rss_mib: peakRssMib(),
  };
}

// The arguments of every run's job, ["string", number, {"mike": "bob"}], as its data.
function job(number) {
  return { name: "NoOp", data: ["string", number, { mike: "bob" }], opts: { removeOnComplete: true } };
}

function peakRssMib() {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"));
  if (!peak) throw new Error("the kernel does not tell the peak of memory");
  return Number(peak[1]) / 1024;
}

// Ends the process when a run takes too long. Does not keep it alive by itself.
function bound(jobs, perJobMs, what) {
  const patience = START_MAX_MS + jobs * perJobMs;
  setTimeout(() => fail(new Error(`${jobs} jobs were not ${what} within ${patience} ms`)), patience).unref();
}

function fail(error) {
  console.error(`bullmq: ${error.message || error}`);
  process.exit(1);
}

function commandLine() {
  const names = ["url", "jobs", "warm-up", "pushers", "batch", "slots"];
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
  const { positionals, values } = parseArgs({ allowPositionals: true, options });
  const command = positionals.length === 1 && commands[positionals[0]];
  if (!command) throw new Error("which command? Give one of push, bulk and drain");
  if (!values.url) throw new Error("where? Give --url redis://HOST:PORT/DB");
  const number = (name) => {
    const given = Number(values[name]);
    if (!Number.isSafeInteger(given) || given < 1) throw new Error(`--${name} has to be a number of at least 1`);
    return given;
  };
  const given = { url: values.url, jobs: number("jobs"), warmUp: number("warm-up") };
  return { run: command.run, given: { ...given, [command.needs]: number(command.needs) } };
}

try {
  const { run, given } = commandLine();
  const answer = await run(given);
  process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(0));
} catch (error) {
  fail(error);
}
