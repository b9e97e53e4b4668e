use sancho::Job;

#[derive(Job)]
#[job(que = "mailers")]
struct Unknown;

#[derive(Job)]
#[job(queue = "")]
struct EmptyQueue;

#[derive(Job)]
#[job(retry = "often")]
struct Retry;

#[derive(Job)]
#[job(timeout = "30 parsecs")]
struct Timeout;

#[derive(Job)]
#[job(timeout = 0)]
struct NoTime;

#[derive(Job)]
#[job(tags = "mail")]
struct Tags;

#[derive(Job)]
#[job(queue = "a", queue = "b")]
struct Twice;

#[derive(Job)]
struct OnField {
    #[job(queue = "a")]
    a: u8,
}

fn main() {}
