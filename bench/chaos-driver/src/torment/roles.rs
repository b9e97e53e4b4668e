//! The processes of a torment, as this program plays them.

use anyhow::Result;
use clap::{Args, Subcommand};

use super::outsider::{self, OutsiderOptions};
use super::{pusher, server};
use crate::options::RoleOptions;

/// One process of a torment.
#[derive(Debug, Subcommand)]
pub(crate) enum TormentRole {
    #[command(hide = true)]
    TormentServer(ActorOptions),
    #[command(hide = true)]
    TormentPusher {
        #[command(flatten)]
        actor: ActorOptions,
        /// Jobs a second.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        rate: u32,
    },
    #[command(hide = true)]
    Outsider(OutsiderOptions),
}

#[derive(Debug, Args)]
pub(crate) struct ActorOptions {
    #[command(flatten)]
    role: RoleOptions,
    /// Its number among the processes.
    #[arg(long)]
    actor: u32,
    #[arg(long)]
    seed: u64,
}

/// Plays a role until its end.
pub(crate) async fn play(role: &TormentRole) -> Result<()> {
    match role {
        TormentRole::TormentServer(ActorOptions { role, actor, seed }) => {
            server::play(&role.url, &role.ledger, &role.name, *actor, *seed).await
        }
        TormentRole::TormentPusher { actor: ActorOptions { role, actor, seed }, rate } => {
            pusher::play(&role.url, &role.ledger, &role.name, *actor, *seed, *rate).await
        }
        TormentRole::Outsider(options) => outsider::play(options).await,
    }
}
