//! Jobs while they run: what they are told, how they are brought to an end, and what is seen of them. The facts hold on
//! each store; what has nothing to do with a store is told once.

#[path = "home/dead.rs"]
mod dead;
#[path = "running/deeds.rs"]
mod deeds;
mod home;
#[path = "server/log.rs"]
mod log;
#[path = "running/stage.rs"]
mod stage;

#[path = "running"]
mod on_model {
    use crate::home::on_model as home;

    mod facts;
}

#[path = "running"]
mod on_sqlite {
    use crate::home::on_sqlite as home;

    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod facts;
}

#[path = "running"]
mod on_redis {
    use crate::home::on_redis as home;

    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod facts;
}

#[path = "running/alone.rs"]
mod alone;
