use sancho::Job;

#[derive(Job)]
#[job(redact(card_numbr))]
struct Charge {
    customer: u64,
    card_number: String,
}

#[derive(Job)]
#[job(redact(1))]
struct Newtype(u64);

#[derive(Job)]
#[job(redact(card))]
struct NoFields;

#[derive(Job)]
#[job(redact())]
struct Nothing {
    card: String,
}

#[derive(Job)]
#[job(redact = "card")]
struct Assigned {
    card: String,
}

#[derive(Job)]
#[job(redact("card"))]
struct Quoted {
    card: String,
}

#[derive(Job)]
#[job(redact(card, card))]
struct TwiceTheSame {
    card: String,
}

#[derive(Job)]
#[job(redact, redact(card))]
struct Twice {
    card: String,
}

#[derive(Job)]
#[job(key = "sign-up:{email}", redact(email))]
struct ShownByItsKey {
    email: String,
}

#[derive(Job)]
#[job(redact, key = "sign-up:{email}")]
struct ShownByItsKeyToo {
    email: String,
}

fn main() {}
