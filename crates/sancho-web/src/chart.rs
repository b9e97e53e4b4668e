//! Small charts, drawn as SVG by the server. They hold no text but titles: what stands beside them is HTML, so that
//! it stays readable however far a chart is stretched.

use std::fmt::{self, Write};

use askama::Template;

/// Units of a chart's own, across and down; the page stretches it.
const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 100.0;

/// The part of a column that stays free, so that columns stand apart.
const GAP: f64 = 0.22;

/// A chart, drawn. Its text is HTML, in which every title is escaped: pages show it as `|safe`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Svg(String);

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What one column shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    /// What it says of itself.
    pub(crate) title: String,
    /// What went well, at the foot.
    pub(crate) good: u64,
    /// What did not, above.
    pub(crate) bad: u64,
}

/// Columns side by side.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    /// From left to right.
    pub(crate) columns: Vec<Column>,
    /// Lines between them: before which column, and what it says of itself.
    pub(crate) marks: Vec<(usize, String)>,
}

#[derive(Template)]
#[template(path = "columns.svg", escape = "html")]
struct Drawn<'a> {
    class: &'a str,
    label: &'a str,
    good: String,
    bad: String,
    /// Columns that say something of themselves: where their room begins, how wide it is, and what they say.
    titles: Vec<(String, &'a str)>,
    room: String,
    marks: Vec<(String, &'a str)>,
    has_grid: bool,
}

impl Columns {
    /// The number that the top of the chart stands for.
    pub(crate) fn top(&self) -> u64 {
        let most = self.columns.iter().map(|column| column.good.saturating_add(column.bad)).max().unwrap_or(0);
        round_up(most)
    }

    /// The chart, as large as the page lets it be.
    pub(crate) fn draw(&self, label: &str) -> Svg {
        self.drawn("chart", label, true)
    }

    /// The chart, small enough for a line of a table.
    pub(crate) fn spark(&self, label: &str) -> Svg {
        self.drawn("chart spark", label, false)
    }

    fn drawn(&self, class: &str, label: &str, has_grid: bool) -> Svg {
        let room = WIDTH / self.columns.len().max(1) as f64;
        let top = self.top().max(1) as f64;
        let width = short(room * (1.0 - GAP));
        let (mut good, mut bad) = (String::new(), String::new());
        for (index, column) in self.columns.iter().enumerate() {
            let left = room * index as f64 + room * GAP / 2.0;
            let height = |number: u64| if number == 0 { 0.0 } else { (number as f64 / top * HEIGHT).max(1.0) };
            let (well, ill) = (height(column.good), height(column.bad));
            bar(&mut good, left, &width, HEIGHT - well, well);
            bar(&mut bad, left, &width, (HEIGHT - well - ill).max(0.0), ill);
        }
        let titled = self.columns.iter().enumerate().filter(|(_, column)| has_grid && !column.title.is_empty());
        let titles = titled.map(|(index, column)| (short(room * index as f64), column.title.as_str())).collect();
        let marks = self.marks.iter().map(|(before, title)| (short(room * *before as f64), title.as_str()));
        render(&Drawn { class, label, good, bad, titles, room: short(room), marks: marks.collect(), has_grid })
    }
}

/// Adds a bar to a path.
fn bar(path: &mut String, left: f64, width: &str, top: f64, height: f64) {
    if height > 0.0 {
        write!(path, "M{} {}h{width}v{}h-{width}z", short(left), short(top), short(height))
            .expect("a string takes what is written");
    }
}

/// A line of numbers; it goes on over gaps.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The name of its color.
    pub(crate) color: &'static str,
    pub(crate) points: Vec<Option<u64>>,
}

/// Lines over each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines(pub(crate) Vec<Line>);

#[derive(Template)]
#[template(path = "lines.svg", escape = "html")]
struct DrawnLines<'a> {
    label: &'a str,
    lines: Vec<(&'static str, String)>,
}

impl Lines {
    /// The number that the top of the chart stands for.
    pub(crate) fn top(&self) -> u64 {
        round_up(self.0.iter().flat_map(|line| &line.points).filter_map(|point| *point).max().unwrap_or(0))
    }

    /// The chart, as large as the page lets it be.
    pub(crate) fn draw(&self, label: &str) -> Svg {
        let top = self.top().max(1) as f64;
        let drawn = |line: &Line| {
            let apart = WIDTH / line.points.len().saturating_sub(1).max(1) as f64;
            let mut path = String::new();
            let points = line.points.iter().enumerate().filter_map(|(index, point)| Some((index, (*point)? as f64)));
            for (index, number) in points {
                let sign = if path.is_empty() { 'M' } else { 'L' };
                let (x, y) = (short(apart * index as f64), short(HEIGHT - number / top * HEIGHT));
                write!(path, "{sign}{x} {y}").expect("a string takes what is written");
            }
            (line.color, path)
        };
        render(&DrawnLines { label, lines: self.0.iter().map(drawn).collect() })
    }
}

#[derive(Template)]
#[template(path = "heat.svg", escape = "html")]
struct Heat<'a> {
    label: &'a str,
    spots: Vec<Spot>,
}

struct Spot {
    x: String,
    y: String,
    width: String,
    height: String,
    opacity: String,
    title: String,
}

/// A heat map: `columns` from left to right, each with a number for each row, the lowest row first. `title` names a
/// spot by its column and row.
pub(crate) fn heat(label: &str, columns: &[Vec<u32>], title: impl Fn(usize, usize, u32) -> String) -> Svg {
    let rows = columns.iter().map(Vec::len).max().unwrap_or(1).max(1);
    let most = columns.iter().flatten().copied().max().unwrap_or(1).max(1);
    let (width, height) = (WIDTH / columns.len().max(1) as f64, HEIGHT / rows as f64);
    let mut spots = Vec::new();
    for (column, numbers) in columns.iter().enumerate() {
        for (row, number) in numbers.iter().enumerate().filter(|(_, number)| **number > 0) {
            spots.push(Spot {
                x: short(width * column as f64),
                y: short(HEIGHT - height * (row + 1) as f64),
                width: short(width),
                height: short(height),
                // The root: few runs among many are what people look for.
                opacity: format!("{:.2}", 0.15 + 0.85 * (f64::from(*number) / f64::from(most)).sqrt()),
                title: title(column, row, *number),
            });
        }
    }
    render(&Heat { label, spots })
}

fn render(template: &impl Template) -> Svg {
    // A chart that cannot be drawn leaves a gap: the numbers stand beside it.
    Svg(template.render().unwrap_or_default())
}

fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The next number of one digit and zeros, or half of one: `7` to `10`, `130` to `200`, `2_100` to `2_500`.
fn round_up(number: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        for step in [unit, unit.saturating_mul(2), unit.saturating_mul(5) / 2, unit.saturating_mul(5)] {
            if step >= number && (step != 2 || unit == 1) {
                return step;
            }
        }
        match unit.checked_mul(10) {
            Some(next) => unit = next,
            None => return number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_a_chart_is_a_round_number() {
        let tops = [0, 1, 2, 3, 7, 11, 130, 2_100, u64::MAX].map(round_up);
        assert_eq!(tops, [1, 1, 2, 5, 10, 20, 200, 2_500, u64::MAX]);
    }

    #[test]
    fn columns_stand_on_each_other_and_titles_are_escaped() {
        let column = Column { title: "<b>".to_owned(), good: 6, bad: 4 };
        let drawn = Columns { columns: vec![column], marks: vec![(0, "\"v1\"".to_owned())] }.draw("l").to_string();
        assert!(drawn.contains(r#"class="good" d="M110 40h780v60h-780z""#), "{drawn}");
        assert!(drawn.contains(r#"class="bad" d="M110 0h780v40h-780z""#), "{drawn}");
        assert!(!drawn.contains("<b>") && !drawn.contains("\"v1\""), "{drawn}");
    }

    #[test]
    fn a_line_goes_on_over_gaps() {
        let line = Line { color: "first", points: vec![Some(0), None, Some(10)] };
        let drawn = Lines(vec![line]).draw("l").to_string();
        assert!(drawn.contains(r#"class="line first" d="M0 100L1000 0""#), "{drawn}");
        assert!(Lines(Vec::new()).draw("l").to_string().contains("</svg>"));
    }
}
