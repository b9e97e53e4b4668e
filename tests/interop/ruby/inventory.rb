# The names of all that the installed Sidekiq has, and that a program, a file or a person may name. The value of this
# script is their list.

require "sidekiq/api"
require "sidekiq/cli"
require "sidekiq/monitor"

def names(owner, of_class: [], of_instance: [])
  of_class.map { |name| "#{owner}.#{name}" } + of_instance.map { |name| "#{owner}##{name}" }
end

def own(owner, type)
  methods = type.is_a?(Class) ? type.instance_methods(false) : []
  names(owner, of_class: type.singleton_methods(false), of_instance: methods)
end

def job
  with = [Sidekiq::Worker::ClassMethods, Sidekiq::Worker::Options::ClassMethods]
  names("Job", of_class: with.flat_map { |type| type.instance_methods(false) } + Sidekiq::Worker.singleton_methods(false),
    of_instance: Sidekiq::Worker.instance_methods(false))
end

all = job + own("Sidekiq", Sidekiq)
{
  "Client" => Sidekiq::Client, "Stats" => Sidekiq::Stats, "Stats::History" => Sidekiq::Stats::History,
  "Stats::Queues" => Sidekiq::Stats::Queues, "Queue" => Sidekiq::Queue, "JobRecord" => Sidekiq::JobRecord,
  "SortedEntry" => Sidekiq::SortedEntry, "SortedSet" => Sidekiq::SortedSet, "JobSet" => Sidekiq::JobSet,
  "ScheduledSet" => Sidekiq::ScheduledSet, "RetrySet" => Sidekiq::RetrySet, "DeadSet" => Sidekiq::DeadSet,
  "ProcessSet" => Sidekiq::ProcessSet, "Process" => Sidekiq::Process, "WorkSet" => Sidekiq::WorkSet,
  "Chain" => Sidekiq::Middleware::Chain, "Context" => Sidekiq::Context
}.each { |owner, type| all += own(owner, type) }

Sidekiq::CLI.instance.send(:option_parser, {}).summarize([]) { |line| all += line.scan(/(?<![^\s,])-{1,2}[a-zA-Z]+/) }
all += Sidekiq::CLI::SIGNAL_HANDLERS.keys
all += Sidekiq::DEFAULTS.keys.map(&:to_s) + Sidekiq::DEFAULTS[:lifecycle_events].keys.map(&:to_s)
all += (Sidekiq::Logger::Formatters.constants - [:Base]).map { |name| "Formatters::#{name}" }

library = File.dirname($LOADED_FEATURES.grep(%r{/sidekiq\.rb\z}).first)
all += Dir[File.join(library, "**", "*.rb")].flat_map { |file| File.read(file).scan(/ENV\[\s*"([A-Z_]+)"/).flatten }

# It changes what the client does, and so comes last.
require "sidekiq/testing"
all += own("Testing", Sidekiq::Testing) + own("Queues", Sidekiq::Queues) + job

all.uniq
