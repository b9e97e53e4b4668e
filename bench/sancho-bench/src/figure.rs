//! One figure of a run, measured several times.

use std::collections::BTreeMap;

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

/// The figures of a run, by name.
#[derive(Clone, Debug, Default)]
pub struct Figures(BTreeMap<String, Samples>);

impl Figures {
    pub fn add(&mut self, name: impl Into<String>, sample: f64) {
        self.0.entry(name.into()).or_default().add(sample);
    }

    pub fn get(&self, name: &str) -> Option<&Samples> {
        self.0.get(name)
    }

    /// Gives the figure with the highest median of some a name of its own.
    pub fn choose_best(&mut self, name: &str, of: &[String]) {
        let given = of.iter().filter_map(|name| self.0.get(name));
        let best = given.max_by(|one, other| one.median().total_cmp(&other.median())).cloned();
        self.0.extend(best.map(|best| (name.to_owned(), best)));
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Samples)> {
        self.0.iter().map(|(name, samples)| (name.as_str(), samples))
    }

    /// The median of one figure in terms of another's.
    pub fn ratio(&self, name: &str, to: &str) -> Option<f64> {
        Some(self.get(name)?.median() / self.get(to)?.median())
    }
}

#[cfg(test)]
mod tests {
    use super::Samples;

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
}
