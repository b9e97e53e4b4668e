//! A bar chart as an SVG file: horizontal bars, with a whisker from the smallest to the largest sample.
//!
//! It has no background, and colors that are read on a light page as well as on a dark one.

use std::fmt;

use crate::report::number;

/// Bars of one scale.
#[derive(Clone, Debug)]
pub struct Section {
    pub title: String,
    pub bars: Vec<Bar>,
}

#[derive(Clone, Debug)]
pub struct Bar {
    pub label: String,
    pub whose: Whose,
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

/// Whose figure a bar is: they differ in color.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Ours,
    Peer,
    Limit,
}

impl Whose {
    fn class(self) -> &'static str {
        match self {
            Whose::Ours => "ours",
            Whose::Peer => "peer",
            Whose::Limit => "limit",
        }
    }
}

/// Sections below each other. Shown as an SVG document.
#[derive(Clone, Debug)]
pub struct Chart(pub Vec<Section>);

// In the picture's own units.
const WIDTH: f64 = 760.0;
const MARGIN: f64 = 16.0;
const LABELS: f64 = 200.0;
/// What is kept free for the number behind the longest bar.
const NUMBERS: f64 = 84.0;
const TITLE: f64 = 34.0;
const LINE: f64 = 24.0;
const BAR: f64 = 14.0;

const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#6e7781}.title{font-weight:600}\
.ours{fill:#2f81f7}.peer{fill:#8b949e}.limit{fill:none;stroke:#8b949e;stroke-dasharray:3 2}\
.whisker{stroke:#6e7781;stroke-width:1.5}\
@media(prefers-color-scheme:dark){text{fill:#9da7b3}.whisker{stroke:#c9d1d9}}";

impl Section {
    fn height(&self) -> f64 {
        TITLE + LINE * self.bars.len() as f64
    }

    fn draw(&self, f: &mut fmt::Formatter<'_>, top: f64) -> fmt::Result {
        writeln!(f, r#"<text class="title" x="{MARGIN}" y="{:.1}">{}</text>"#, top + 22.0, escaped(&self.title))?;
        let largest = self.bars.iter().map(|bar| bar.max).fold(0.0, f64::max);
        let unit = if largest > 0.0 { (WIDTH - 2.0 * MARGIN - LABELS - NUMBERS) / largest } else { 0.0 };
        for (bar, line) in self.bars.iter().zip(0..) {
            bar.draw(f, top + TITLE + LINE * f64::from(line), unit)?;
        }
        Ok(())
    }
}

impl Bar {
    fn draw(&self, f: &mut fmt::Formatter<'_>, top: f64, unit: f64) -> fmt::Result {
        let (left, text, middle) = (MARGIN + LABELS, top + 12.0, top + BAR / 2.0);
        let (width, from, to) = (self.median * unit, left + self.min * unit, left + self.max * unit);
        writeln!(f, r#"<text x="{:.1}" y="{text:.1}" text-anchor="end">{}</text>"#, left - 8.0, escaped(&self.label))?;
        writeln!(
            f,
            r#"<rect class="{}" x="{left:.1}" y="{top:.1}" width="{width:.1}" height="{BAR}"/>"#,
            self.whose.class()
        )?;
        if self.max > self.min {
            writeln!(
                f,
                r#"<path class="whisker" d="M{from:.1} {middle:.1}H{to:.1}M{from:.1} {:.1}v6M{to:.1} {:.1}v6"/>"#,
                middle - 3.0,
                middle - 3.0
            )?;
        }
        writeln!(f, r#"<text x="{:.1}" y="{text:.1}">{}</text>"#, to.max(left + width) + 6.0, number(self.median))
    }
}

impl fmt::Display for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let height: f64 = self.0.iter().map(Section::height).sum::<f64>() + MARGIN;
        writeln!(
            f,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">"#
        )?;
        writeln!(f, "<title>Jobs a second: medians, and the range of all rounds</title>\n<style>{STYLE}</style>")?;
        let mut top = 0.0;
        for section in &self.0 {
            section.draw(f, top)?;
            top += section.height();
        }
        writeln!(f, "</svg>")
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, median: f64, max: f64) -> Bar {
        Bar { label: label.to_owned(), whose: Whose::Ours, median, min: median, max }
    }

    /// The widths of all bars.
    fn widths(svg: &str) -> Vec<f64> {
        let bars = svg.lines().filter(|line| line.starts_with("<rect"));
        bars.map(|line| line.split(r#"width=""#).nth(1).unwrap().split('"').next().unwrap().parse().unwrap()).collect()
    }

    #[test]
    fn bars_are_as_long_as_their_medians_within_a_section() {
        let bars = vec![bar("whole", 2_000.0, 2_000.0), bar("half", 1_000.0, 1_000.0)];
        let alone = Section { title: "alone".to_owned(), bars: vec![bar("small", 1.0, 2.0)] };
        let svg = Chart(vec![Section { title: "drain".to_owned(), bars }, alone]).to_string();
        let widths = widths(&svg);
        assert!(widths.len() == 3 && widths[0] > 100.0, "{widths:?}");
        assert!((widths[0] / 2.0 - widths[1]).abs() < 0.1 && (widths[1] - widths[2]).abs() < 0.1, "{widths:?}");
        assert!(widths[0] + MARGIN + LABELS + NUMBERS <= WIDTH);
        // A whisker only where the samples differ.
        assert_eq!(svg.matches(r#"class="whisker""#).count(), 1);
        assert!(svg.contains(">2,000<") && svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }

    #[test]
    fn labels_are_escaped_and_nothing_is_divided_by_nothing() {
        let none = Section { title: "a < b & c".to_owned(), bars: vec![bar("<zero>", 0.0, 0.0)] };
        let svg = Chart(vec![none]).to_string();
        assert!(svg.contains("a &lt; b &amp; c") && svg.contains("&lt;zero&gt;") && !svg.contains("NaN"), "{svg}");
    }
}
