use sancho::Job;

#[derive(Job)]
#[job(retry = 3, retry_for = "3d")]
struct CountAndWindow;

#[derive(Job)]
#[job(retry_for = "500ms")]
struct TooShort;

#[derive(Job)]
#[job(retry_queue = "")]
struct EmptyRetryQueue;

#[derive(Job)]
#[job(dead = "no")]
struct Dead;

#[derive(Job)]
#[job(expires_in = "later")]
struct Expires;

#[derive(Job)]
#[job(log = "loud")]
struct Loud;

#[derive(Job)]
#[job(aliases = "Old")]
struct NoList;

#[derive(Job)]
#[job(aliases("Same"))]
struct Same;

#[derive(Job)]
#[job(aliases("Old", "Old"))]
struct TwiceTheSame;

#[derive(Job)]
#[job(retry_four = 3)]
struct Misspelled;

fn main() {}
