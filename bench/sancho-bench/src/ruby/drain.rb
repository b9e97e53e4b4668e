# Purpose: performs no-op jobs in a Sidekiq process with its logging off, and ends it when the last one has begun.
# Input:   BENCH_WARM_UP, BENCH_JOBS  jobs that are not measured, and jobs that are; all are in the queue
#          REDIS_URL, BENCH_FIGURE
# Output:  in the file BENCH_FIGURE: jobs a second, from the end of the warm-up to the last; seconds of processor time
#          of the process since it was ready, for all jobs; its peak memory in KiB
require "sidekiq"

Sidekiq.logger.level = Logger::FATAL
# A warning of the gem redis at each push costs more than the push.
Redis.silence_deprecations = true if Redis.respond_to?(:silence_deprecations=)

class NoOp
  include Sidekiq::Worker

  LOCK = Mutex.new
  WARM_UP = ENV.fetch("BENCH_WARM_UP").to_i
  JOBS = ENV.fetch("BENCH_JOBS").to_i
  CPU_BEFORE = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
  @performed = 0

  class << self
    def count
      LOCK.synchronize do
        @performed += 1
        @start = now if @performed == WARM_UP
        finish if @performed == WARM_UP + JOBS
      end
    end

    private

    def finish
      rate = JOBS / (now - @start)
      cpu = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - CPU_BEFORE
      File.write(ENV.fetch("BENCH_FIGURE"), "#{rate} #{cpu} #{File.read("/proc/self/status")[/^VmHWM:\s*(\d+)/, 1]}")
      exit!(0)
    end

    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  end

  def perform(_word, _number, _friends)
    NoOp.count
  end
end
