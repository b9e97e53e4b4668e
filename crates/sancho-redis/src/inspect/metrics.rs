//! What was performed, by class: as our beats and Ruby's processes count it, whichever version these have; and by queue,
//! with the sizes of the sets, as our beats count it.

use redis::Value;
use sancho_core::metrics::{ClassMetrics, Gathering, Keep, Sample, Step};
use sancho_core::{Execution, Metrics, MetricsRequest, StoreResult, Timestamp, Wire};

use crate::reply;
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::counts;
use crate::wire::metrics::{self as wire, HISTOGRAM_BYTES};

/// Fields that are read of one hash, three a class, so that a hash of somebody's own making stops Redis no longer.
const FIELDS_MAX: usize = 6_000;

/// Histograms that one script reads.
const HISTOGRAMS_PER_READ: usize = 250;

/// Reads under way at a time: while one answer is taken apart, Redis is at the next. It serves others between them.
const READS_AT_ONCE: usize = 4;

/// The beginning of a list in parts of so many, the last of them perhaps empty.
fn parts<T>(list: &[T], many: usize) -> [&[T]; READS_AT_ONCE] {
    let mut parts = list.chunks(many);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

impl RedisStore {
    pub(super) async fn executions(&self, request: &MetricsRequest, now: Timestamp) -> StoreResult<Metrics> {
        let mut gathering = Gathering::new(request, now);
        let starts = gathering.starts().to_vec();
        // Every version's keys, whatever this process writes: both kinds of programs may share this Redis.
        let keys: Vec<(Timestamp, String)> = starts
            .into_iter()
            .flat_map(|at| wire::keys(request.step, at).into_iter().map(move |key| (at, key)))
            .collect();
        self.read_counts(request, &keys, &mut gathering).await?;
        if gathering.wants_queues() {
            self.read_steps(request.step, &mut gathering).await?;
        }
        let mut metrics = gathering.finish();
        if request.step == Step::Minute {
            let keep = if request.class.is_some() { Keep::EachStep } else { Keep::Total };
            self.read_run_times(&mut metrics.classes, keep).await?;
        }
        Ok(metrics)
    }

    async fn read_counts(
        &self,
        request: &MetricsRequest,
        steps: &[(Timestamp, String)],
        gathering: &mut Gathering,
    ) -> StoreResult<()> {
        let keys: Vec<String> = steps.iter().map(|(_, key)| key.clone()).collect();
        let read = match &request.class {
            Some(class) => {
                let fields = wire::fields(class);
                self.fields_of_hashes("metrics", &fields.each_ref().map(String::as_str), &keys).await?
            }
            None => self.whole_hashes("metrics", FIELDS_MAX, &keys).await?,
        };
        for ((at, _), flat) in steps.iter().zip(read) {
            for execution in wire::read_counts(&flat) {
                gathering.add(*at, &execution);
            }
        }
        Ok(())
    }

    /// The queues and sizes of each step. The sizes are few fields, and asked for by name: they are told however many
    /// queues there are.
    async fn read_steps(&self, step: Step, gathering: &mut Gathering) -> StoreResult<()> {
        let starts = gathering.starts().to_vec();
        let keys: Vec<String> = starts.iter().map(|at| counts::key(step, *at)).collect();
        for (at, flat) in starts.iter().zip(self.fields_of_hashes("metrics", &counts::SIZES, &keys).await?) {
            if let Some(sizes) = counts::read_sizes(*at, &flat) {
                gathering.add_sizes(sizes);
            }
        }
        for (at, flat) in starts.iter().zip(self.whole_hashes("metrics", FIELDS_MAX, &keys).await?) {
            for count in counts::read_queues(&flat) {
                gathering.add_queue(*at, &count);
            }
        }
        Ok(())
    }

    async fn read_run_times(&self, classes: &mut [ClassMetrics], keep: Keep) -> StoreResult<()> {
        let mut wanted = Vec::new();
        for (index, class) in classes.iter().enumerate() {
            let ran = class.samples.iter().filter(|sample| sample.count > sample.failures);
            for Sample { at, .. } in ran {
                let keys = self.histogram_keys(&class.total, *at);
                wanted.extend(keys.into_iter().map(|key| (index, *at, key)));
            }
        }
        for some in wanted.chunks(READS_AT_ONCE * HISTOGRAMS_PER_READ) {
            let [one, two, three, four] = parts(some, HISTOGRAMS_PER_READ);
            let read = |some| self.read_histograms(some);
            let (one, two, three, four) = tokio::try_join!(read(one), read(two), read(three), read(four))?;
            let histograms = [one, two, three, four].into_iter().flatten();
            for ((index, at, _), bytes) in some.iter().zip(histograms) {
                let buckets = wire::read_histogram(&reply::bytes(bytes).unwrap_or_default());
                classes[*index].add_buckets(*at, &buckets, keep);
            }
        }
        Ok(())
    }

    async fn read_histograms(&self, wanted: &[(usize, Timestamp, String)]) -> StoreResult<Vec<Value>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut args = Args::new();
        args.number(HISTOGRAM_BYTES).number(wanted.len());
        for (_, _, key) in wanted {
            args.put(key);
        }
        Ok(reply::list(self.inner.connection.run("metrics", &self.inner.scripts.histograms, &args).await?))
    }

    /// Where the run times of a minute are. The names that version 7 gives them begin with the class, and a user of
    /// Redis may read them only where the address asks for that version.
    fn histogram_keys(&self, execution: &Execution, at: Timestamp) -> Vec<String> {
        let eight = wire::histogram(&execution.class, at, Wire::Eight);
        let seven = (self.wire() == Wire::Seven).then(|| wire::histogram(&execution.class, at, Wire::Seven));
        std::iter::once(eight).chain(seven).collect()
    }
}
