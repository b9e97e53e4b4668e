//! Pushes of any number of jobs: what holds on each store, and how the batches follow each other.

#[path = "push_all/batches.rs"]
mod batches;
mod home;

#[path = "push_all"]
mod on_model {
    use crate::home::on_model as home;

    mod any_number;
}

#[path = "push_all"]
mod on_sqlite {
    use crate::home::on_sqlite as home;

    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod any_number;
}

#[path = "push_all"]
mod on_redis {
    use crate::home::on_redis as home;

    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod any_number;
}
