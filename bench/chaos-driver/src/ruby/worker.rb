# Purpose: performs the chaos jobs of one queue in a real Sidekiq, and writes the same ledger as Sancho's servers.
# Input:   CHAOS_LEDGER  the file that all processes append to
#          CHAOS_NAME    this process's name there
#          the end of standard input tells it to stop
# Output:  lines of the ledger, each by one write: verb, number, process, attempt, microseconds
require "sidekiq"

LEDGER = File.open(ENV.fetch("CHAOS_LEDGER"), File::WRONLY | File::APPEND)
NAME = ENV.fetch("CHAOS_NAME")

def note(verb, number, attempt)
  micros = Process.clock_gettime(Process::CLOCK_REALTIME, :microsecond)
  LEDGER.syswrite("#{verb} #{number} #{NAME} #{attempt} #{micros}\n")
end

# Tells a job which try this is: Sidekiq counts failures, and writes nothing before the first.
class Attempt
  def call(worker, payload, _queue)
    worker.attempt = payload.key?("retry_count") ? payload["retry_count"] + 2 : 1
    yield
  end
end

class ChaosJob
  include Sidekiq::Worker
  sidekiq_retry_in { 1 }

  attr_accessor :attempt

  def perform(number, lasts_ms, failures)
    note("start", number, attempt)
    sleep(lasts_ms / 1000.0) if lasts_ms > 0
    if attempt <= failures
      note("failed", number, attempt)
      raise "this try was to fail"
    end
    note("done", number, attempt)
  end
end

Sidekiq.configure_server do |config|
  config.server_middleware { |chain| chain.add Attempt }
end

Thread.new do
  $stdin.read
  Process.kill("TERM", Process.pid)
end
