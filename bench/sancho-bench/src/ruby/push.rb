# Purpose: pushes no-op jobs with Sidekiq's own push_bulk, or, one in a call, with perform_async.
# Input:   BENCH_WARM_UP, BENCH_JOBS  jobs that are not measured, and jobs that are
#          BENCH_BATCH                jobs of one call
#          REDIS_URL, BENCH_FIGURE
# Output:  jobs a second, in the file BENCH_FIGURE
require "sidekiq"

Sidekiq.logger.level = Logger::FATAL
# A warning of the gem redis at each push costs more than the push.
Redis.silence_deprecations = true if Redis.respond_to?(:silence_deprecations=)
BATCH = ENV.fetch("BENCH_BATCH").to_i

class NoOp
  include Sidekiq::Worker
end

def push(jobs)
  return jobs.times { |i| NoOp.perform_async("string", i, { "mike" => "bob" }) } if BATCH == 1

  (0...jobs).step(BATCH) do |first|
    numbers = first...[first + BATCH, jobs].min
    Sidekiq::Client.push_bulk("class" => NoOp, "args" => numbers.map { |i| ["string", i, { "mike" => "bob" }] })
  end
end

def now
  Process.clock_gettime(Process::CLOCK_MONOTONIC)
end

jobs = ENV.fetch("BENCH_JOBS").to_i
push(ENV.fetch("BENCH_WARM_UP").to_i)
start = now
push(jobs)
File.write(ENV.fetch("BENCH_FIGURE"), jobs / (now - start))
