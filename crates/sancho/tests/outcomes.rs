//! What jobs may ask for and what stands around them, on each store: outcomes, last words, handlers, aliases, the
//! fallback and middleware.

#[path = "home/dead.rs"]
mod dead;
mod home;
#[path = "outcomes/jobs.rs"]
mod jobs;
#[path = "outcomes/orphans.rs"]
mod orphans;
#[path = "outcomes/stage.rs"]
mod stage;

#[path = "outcomes"]
mod on_model {
    use crate::home::on_model as home;

    mod deaths;
    mod facts;
    mod surroundings;
}

#[path = "outcomes"]
mod on_sqlite {
    use crate::home::on_sqlite as home;

    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod deaths;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod facts;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod surroundings;
}

#[path = "outcomes"]
mod on_redis {
    use crate::home::on_redis as home;

    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod deaths;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod facts;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod surroundings;
}
