//! One figure of a run, measured several times.

use std::collections::{BTreeMap, BTreeSet};

/// What one figure was, each time it was measured.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    pub fn add(&mut self, sample: f64) {
        self.0.push(sample);
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    /// The middle sample; of an even number, the mean of the middle two. Not a number when there is none.
    pub fn median(&self) -> f64 {
        let sorted = self.sorted();
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => f64::NAN,
            count if count % 2 == 1 => sorted[middle],
            _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
        }
    }

    /// The sample that this share of all samples is not above, by the nearest rank.
    pub fn quantile(&self, share: f64) -> f64 {
        let sorted = self.sorted();
        let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
        sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
    }

    pub fn min(&self) -> f64 {
        self.0.iter().copied().fold(f64::NAN, f64::min)
    }

    pub fn max(&self) -> f64 {
        self.0.iter().copied().fold(f64::NAN, f64::max)
    }
}

/// The figures of a run, by name, and why some are missing.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    samples: BTreeMap<String, Samples>,
    missing: BTreeMap<String, String>,
    failed: BTreeSet<String>,
}

impl Figures {
    pub fn add(&mut self, name: impl Into<String>, sample: f64) {
        self.samples.entry(name.into()).or_default().add(sample);
    }

    /// Says why a figure is not there.
    pub fn miss(&mut self, name: impl Into<String>, why: impl Into<String>) {
        self.missing.insert(name.into(), why.into());
    }

    /// Says that a figure is not there, or not each time that it was measured, for a reason that should not be.
    pub fn fail(&mut self, name: impl Into<String>, why: &str) {
        let name = name.into();
        self.missing.insert(name.clone(), format!("failed: {why}"));
        self.failed.insert(name);
    }

    pub fn has_failed(&self) -> bool {
        !self.failed.is_empty()
    }

    /// Which figures have failed.
    pub fn failed(&self) -> impl Iterator<Item = &str> {
        self.failed.iter().map(String::as_str)
    }

    pub fn get(&self, name: &str) -> Option<&Samples> {
        self.samples.get(name)
    }

    /// Why a figure is not there, if that was said.
    pub fn why_missing(&self, name: &str) -> Option<&str> {
        self.missing.get(name).map(String::as_str)
    }

    /// Which of some figures has the highest median, by its place.
    pub fn best(&self, of: &[String]) -> Option<usize> {
        let medians = of.iter().map(|name| self.get(name).map(Samples::median));
        let given = medians.enumerate().filter_map(|(place, median)| Some((place, median?)));
        given.max_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(place, _)| place)
    }

    /// Gives a figure, if it is there, a second name.
    pub fn rename(&mut self, name: &str, from: &str) {
        let samples = self.samples.get(from).cloned();
        self.samples.extend(samples.map(|samples| (name.to_owned(), samples)));
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Samples)> {
        self.samples.iter().map(|(name, samples)| (name.as_str(), samples))
    }

    /// The figures that are missing, and why.
    pub fn missing(&self) -> &BTreeMap<String, String> {
        &self.missing
    }

    /// The median of one figure in terms of another's; `None` where either is missing or the ratio is no number.
    pub fn ratio(&self, name: &str, to: &str) -> Option<f64> {
        let ratio = self.get(name)?.median() / self.get(to)?.median();
        ratio.is_finite().then_some(ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::{Figures, Samples};

    fn samples(given: &[f64]) -> Samples {
        let mut samples = Samples::default();
        given.iter().for_each(|&sample| samples.add(sample));
        samples
    }

    #[test]
    fn the_median_is_the_middle_in_order_of_size() {
        assert_eq!(samples(&[9.0, 1.0, 2.0]).median(), 2.0);
        assert_eq!(samples(&[9.0, 1.0, 2.0, 4.0]).median(), 3.0);
        assert!(samples(&[]).median().is_nan());
    }

    #[test]
    fn a_quantile_is_the_nearest_rank() {
        let hundred = samples(&(1..=100).map(f64::from).collect::<Vec<_>>());
        assert_eq!(hundred.quantile(0.5), 50.0);
        assert_eq!(hundred.quantile(0.99), 99.0);
        assert_eq!(samples(&[7.0]).quantile(0.99), 7.0);
    }

    #[test]
    fn the_best_has_the_highest_median() {
        let mut figures = Figures::default();
        for (name, sample) in [("slow", 1.0), ("fast", 3.0), ("fast", 5.0), ("lucky", 0.5), ("lucky", 6.0)] {
            figures.add(name, sample);
        }
        let names = ["absent", "slow", "fast", "lucky"].map(str::to_owned);
        assert_eq!(figures.best(&names), Some(2));
        assert_eq!(figures.best(&names[..1]), None);
        figures.rename("best", "fast");
        assert_eq!(figures.ratio("best", "slow"), Some(4.0));
        assert_eq!(figures.ratio("best", "absent"), None);
    }
}
