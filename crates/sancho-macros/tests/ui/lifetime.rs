use sancho::Job;

#[derive(Job)]
struct Email<'a> {
    to: &'a str,
}

fn main() {}
