use sancho::Job;

#[derive(Job)]
#[job(key = "product:{prodct_id}")]
struct Misspelled {
    product_id: u64,
    size: u8,
}

#[derive(Job)]
#[job(key = "product:{1}")]
struct NoSuchNumber(u64);

#[derive(Job)]
#[job(key = "product:{id}")]
struct NoFields;

#[derive(Job)]
#[job(key = "product:{id:04}")]
struct Formatted {
    id: u64,
}

#[derive(Job)]
#[job(key = "product:{id")]
struct Open {
    id: u64,
}

#[derive(Job)]
#[job(key = "product:id}")]
struct Closed {
    id: u64,
}

#[derive(Job)]
#[job(key = "")]
struct Empty {
    id: u64,
}

fn main() {}
