use sancho::Job;

#[derive(Job)]
#[job(key = "order:{items}")]
struct NotWritable {
    items: Vec<u64>,
}

fn main() {}
