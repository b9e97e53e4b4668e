//! Opens a store by its address.

use crate::Client;

/// Opens the store at this address, and answers with a client of it.
///
/// `sqlite://sancho.db` is a file in the working directory, `sqlite:///var/lib/app/sancho.db` one with an absolute
/// path; it is created when it is not there. `?durability=normal` lets a power cut take the last pushes, and is
/// faster; `full`, under which a push that has returned survives one, is the default.
///
/// # Errors
/// [`ConnectError`]: the address is not understood, or the store cannot be opened.
pub async fn connect(url: &str) -> Result<Client, ConnectError> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(ConnectError::Address {
            url: url.to_owned(),
            reason: format!("it names no kind of store: {SUPPORTED}"),
        });
    };
    match scheme {
        #[cfg(feature = "sqlite")]
        "sqlite" => sqlite::open(url, rest).await,
        _ => {
            let _ = rest;
            // Credentials stand between the scheme and the host: nothing behind the scheme is repeated.
            Err(ConnectError::Address {
                url: format!("{scheme}://…"),
                reason: format!("stores of the kind {scheme:?} are not supported: {SUPPORTED}"),
            })
        }
    }
}

#[cfg(feature = "sqlite")]
const SUPPORTED: &str = "use sqlite://FILE, such as sqlite://sancho.db or sqlite:///var/lib/app/sancho.db";
#[cfg(not(feature = "sqlite"))]
const SUPPORTED: &str = "this program was built without stores; enable the feature `sqlite` of the crate `sancho`";

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address is not understood.
    #[error("the store's address {url:?} is not understood: {reason}")]
    Address {
        /// The address, without credentials.
        url: String,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// The store itself says no.
    #[error("failed to open {url}: {source}")]
    Open {
        /// The address.
        url: String,
        /// What the store says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use super::{Client, ConnectError};

    pub(super) async fn open(url: &str, rest: &str) -> Result<Client, ConnectError> {
        let _ = rest;
        Err(ConnectError::Open { url: url.to_owned(), source: "the store is not there yet".into() })
    }
}
