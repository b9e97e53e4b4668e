use sancho::Job;

#[derive(Job)]
enum Email {
    Welcome { user_id: u64 },
}

fn main() {}
