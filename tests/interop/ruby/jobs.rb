# The job that both sides perform: it writes down that it was performed, and then does what its first argument says.

require "sidekiq"
require "json"

# The scheduler of 6.4 waits ten seconds before its first look, unless the average of its rounds is given.
Sidekiq.options[:poll_interval_average] = 1
Sidekiq.options[:average_scheduled_poll_interval] = 1

class Mishap < StandardError; end

class Proof
  include Sidekiq::Job

  # Longer than any test waits: a job that is never let go ends all the same.
  WAIT_SECONDS_MAX = 60
  LOOK_EVERY_SECONDS = 0.02

  def perform(*args)
    tries = write_down(args)
    case args.first
    when "fail long" then raise Mishap, "é" * 12_000
    when "fail" then raise Mishap, "I was told to fail: é"
    when "fail first" then raise Mishap, "I was told to fail: é" if tries == 1
    when "wait" then wait
    end
  end

  private

  def write_down(args)
    line = {by: "ruby", jid: jid, args: JSON.generate(args), at: (Time.now.to_f * 1_000_000).to_i}
    Sidekiq.redis do |redis|
      redis.rpush("proof:performed", JSON.generate(line))
      redis.hincrby("proof:tries", jid, 1)
    end
  end

  def wait
    looks = WAIT_SECONDS_MAX / LOOK_EVERY_SECONDS
    looks.to_i.times do
      return if Sidekiq.redis { |redis| redis.exists?("proof:let-go") }
      sleep LOOK_EVERY_SECONDS
    end
  end
end

# A class that no Rust program knows.
class OnlyRuby < Proof
end
