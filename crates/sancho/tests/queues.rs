//! Queues and capsules, on each store: orders, weights, patterns, what is changed at run time, and bursts.

mod home;
#[path = "queues/jobs.rs"]
mod jobs;
#[path = "queues/orphan.rs"]
mod orphan;
#[path = "queues/refusals.rs"]
mod refusals;
#[path = "queues/stage.rs"]
mod stage;

#[path = "queues"]
mod on_model {
    use crate::home::on_model as home;

    mod bursts;
    mod capsules;
    mod orders;
    mod patterns;
    mod tuning;
}

#[path = "queues"]
mod on_sqlite {
    use crate::home::on_sqlite as home;

    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod bursts;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod capsules;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod orders;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod patterns;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod tuning;
}

#[path = "queues"]
mod on_redis {
    use crate::home::on_redis as home;

    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod bursts;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod capsules;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod orders;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod patterns;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod tuning;
}
